"""Users: the pool of people and machines that may use the operator API, unless another issuer knows them."""

from typing import Final

from aws_cdk import Aws, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk.aws_cognito import (
    AccountRecovery,
    AuthFlow,
    CfnUserPoolGroup,
    CognitoDomainOptions,
    KeepOriginalAttrs,
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
    UserPoolClientIdentityProvider,
    UserPoolDomain,
)
from constructs import Construct

from infra.config import Config, machine_output
from infra.definitions import RESOURCE_SERVER, SCOPES, SIGN_IN_URL
from infra.nag import acknowledge

_TOKEN_VALIDITY: Final = Duration.hours(1)
_SIGNED_IN_FOR: Final = Duration.hours(12)
"""Then a person signs in again, with the second factor."""
_INVITATION_DAYS: Final = 7


class Users(Construct):
    """The user pool with a group and a scope per permission, a client for people and one for each machine.

    What people may do follows from their groups alone: any of them could ask for any scope that their client allows.
    A machine is allowed the one scope of its own client.
    """

    def __init__(self, scope: Construct, construct_id: str, config: Config) -> None:
        super().__init__(scope, construct_id)
        self._pool = self._build_pool(config)
        for name in SCOPES:
            CfnUserPoolGroup(self, f"Group{name.capitalize()}", user_pool_id=self._pool.user_pool_id, group_name=name)
        domain = self._pool.add_domain(
            "Domain", cognito_domain=CognitoDomainOptions(domain_prefix=f"csms-{config.stage}-{Aws.ACCOUNT_ID}")
        )
        people = self._add_people(config)
        machines = self._add_machines(config)
        self.audience = [client.user_pool_client_id for client in (people, *machines.values())]
        self._tell(domain, people, machines)

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
            keep_original=KeepOriginalAttrs(email=True),
            account_recovery=AccountRecovery.EMAIL_ONLY,
            mfa=Mfa.REQUIRED,
            mfa_second_factor=MfaSecondFactor(otp=True, sms=False),
            password_policy=PasswordPolicy(
                min_length=12,
                require_digits=True,
                require_lowercase=True,
                require_uppercase=True,
                require_symbols=True,
                temp_password_validity=Duration.days(_INVITATION_DAYS),
            ),
            deletion_protection=config.is_retained,
            removal_policy=RemovalPolicy.RETAIN if config.is_retained else RemovalPolicy.DESTROY,
        )
        acknowledge(pool, "The Plus plan is billed per user; MFA is required of everybody instead.", "COG8")
        return pool

    def _add_people(self, config: Config) -> UserPoolClient:
        """A public client: authorization code with PKCE, or SRP in an application's own form."""
        return self._pool.add_client(
            "People",
            auth_flows=AuthFlow(user_srp=True),
            o_auth=OAuthSettings(
                flows=OAuthFlows(authorization_code_grant=True),
                scopes=[OAuthScope.OPENID],
                callback_urls=[SIGN_IN_URL, *config.console_urls],
                logout_urls=[SIGN_IN_URL, *config.console_urls],
            ),
            supported_identity_providers=[UserPoolClientIdentityProvider.COGNITO],
            prevent_user_existence_errors=True,
            access_token_validity=_TOKEN_VALIDITY,
            id_token_validity=_TOKEN_VALIDITY,
            refresh_token_validity=_SIGNED_IN_FOR,
        )

    def _add_machines(self, config: Config) -> dict[str, UserPoolClient]:
        """A confidential client per machine, each with its own secret: client credentials for one scope."""
        scopes = {name: ResourceServerScope(scope_name=name, scope_description=name) for name in SCOPES}
        server = self._pool.add_resource_server("Api", identifier=RESOURCE_SERVER, scopes=list(scopes.values()))
        return {
            machine: self._pool.add_client(
                f"Machine-{machine}",
                generate_secret=True,
                o_auth=OAuthSettings(
                    flows=OAuthFlows(client_credentials=True),
                    scopes=[OAuthScope.resource_server(server, scopes[permission])],
                ),
                access_token_validity=_TOKEN_VALIDITY,
            )
            for machine, permission in config.machines.items()
        }

    def _tell(self, domain: UserPoolDomain, people: UserPoolClient, machines: dict[str, UserPoolClient]) -> None:
        outputs = {
            "UserPoolId": self._pool.user_pool_id,
            "SignInUrl": domain.base_url(),
            "TokenUrl": f"{domain.base_url()}/oauth2/token",
            "PeopleClientId": people.user_pool_client_id,
        }
        for machine, client in machines.items():
            outputs[machine_output(machine)] = client.user_pool_client_id
        for name, value in outputs.items():
            CfnOutput(Stack.of(self), name, value=value)
