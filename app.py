"""Entry point of the CDK CLI: `make synth`, `make deploy`."""

import sys

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.config import Config, InvalidContextError
from infra.emulator import leave_out
from infra.firewall import FirewallStack
from infra.stack import CsmsStack


def build(app: App) -> CsmsStack:
    """Add the stacks that the app's context asks for, to be checked by cdk-nag when synthesized.

    Raises:
        InvalidContextError: the context asks for something impossible.
    """
    config = Config.from_context(app.node.get_all_context())
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    if config.firewall_rate:
        FirewallStack(app, f"csms-{config.stage}-firewall", config.firewall_rate)
    stack = CsmsStack(app, f"csms-{config.stage}", config)
    if config.emulator:
        leave_out(stack)
    return stack


def main() -> None:
    """Write the cloud assembly to where the CLI wants it."""
    app = App()
    try:
        build(app)
    except InvalidContextError as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
