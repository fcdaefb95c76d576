"""Users: the pool of people and machines that may use the operator API, unless another issuer knows them."""

from typing import Final

from aws_cdk import Aws, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk.aws_cognito import (
    AccountRecovery,
    AuthFlow,
    CfnUserPoolGroup,
    CognitoDomainOptions,
    Mfa,
    MfaSecondFactor,
    OAuthFlows,
    OAuthScope,
    OAuthSettings,
    PasswordPolicy,
    ResourceServerScope,
    SignInAliases,
    UserPool,
    UserPoolClient,
)
from constructs import Construct

from infra.config import Config
from infra.definitions import RESOURCE_SERVER, SCOPES
from infra.nag import acknowledge

_TOKEN_VALIDITY: Final = Duration.hours(1)


class Users(Construct):
    """The user pool with a group and a scope per permission, a client for people and one for machines."""

    def __init__(self, scope: Construct, construct_id: str, config: Config) -> None:
        super().__init__(scope, construct_id)
        self._pool = self._build_pool(config)
        for name in SCOPES:
            CfnUserPoolGroup(self, f"Group{name.capitalize()}", user_pool_id=self._pool.user_pool_id, group_name=name)
        people = self._pool.add_client(
            "People",
            auth_flows=AuthFlow(user_srp=True, admin_user_password=True),
            disable_o_auth=True,
            prevent_user_existence_errors=True,
            access_token_validity=_TOKEN_VALIDITY,
        )
        machines = self._add_machines(config)
        self.audience = [people.user_pool_client_id, machines.user_pool_client_id]
        for name, value in (
            ("UserPoolId", self._pool.user_pool_id),
            ("PeopleClientId", people.user_pool_client_id),
            ("MachinesClientId", machines.user_pool_client_id),
        ):
            CfnOutput(Stack.of(self), name, value=value)

    @property
    def issuer(self) -> str:
        """Who signs the tokens."""
        return f"https://{self._pool.user_pool_provider_name}"

    def _build_pool(self, config: Config) -> UserPool:
        pool = UserPool(
            self,
            "Pool",
            self_sign_up_enabled=False,
            sign_in_aliases=SignInAliases(email=True),
            sign_in_case_sensitive=False,
            account_recovery=AccountRecovery.EMAIL_ONLY,
            mfa=Mfa.REQUIRED,
            mfa_second_factor=MfaSecondFactor(otp=True, sms=False),
            password_policy=PasswordPolicy(
                min_length=12, require_digits=True, require_lowercase=True, require_uppercase=True, require_symbols=True
            ),
            deletion_protection=config.is_retained,
            removal_policy=RemovalPolicy.RETAIN if config.is_retained else RemovalPolicy.DESTROY,
        )
        acknowledge(pool, "The Plus plan is billed per user; MFA is required of everybody instead.", "COG8")
        return pool

    def _add_machines(self, config: Config) -> UserPoolClient:
        scopes = [ResourceServerScope(scope_name=name, scope_description=name) for name in SCOPES]
        server = self._pool.add_resource_server("Api", identifier=RESOURCE_SERVER, scopes=scopes)
        domain = self._pool.add_domain(
            "Domain", cognito_domain=CognitoDomainOptions(domain_prefix=f"csms-{config.stage}-{Aws.ACCOUNT_ID}")
        )
        CfnOutput(Stack.of(self), "TokenUrl", value=f"{domain.base_url()}/oauth2/token")
        return self._pool.add_client(
            "Machines",
            generate_secret=True,
            o_auth=OAuthSettings(
                flows=OAuthFlows(client_credentials=True),
                scopes=[OAuthScope.resource_server(server, scope) for scope in scopes],
            ),
            access_token_validity=_TOKEN_VALIDITY,
        )
