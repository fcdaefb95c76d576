"""The stack: composes capabilities, owns no resource itself."""

from aws_cdk import Stack
from constructs import Construct

from infra.config import Config
from infra.constructs.alarms import Alarms
from infra.constructs.backup import Backup
from infra.constructs.budget import Budget
from infra.constructs.calls import Calls
from infra.constructs.charge_points import ChargePoints
from infra.constructs.charging_plans import ChargingPlans
from infra.constructs.dashboard import FleetDashboard
from infra.constructs.edge import Distributions
from infra.constructs.events import Events
from infra.constructs.files import Files
from infra.constructs.functions import Functions
from infra.constructs.operators import Operators
from infra.constructs.secrets import Secrets
from infra.constructs.state import State
from infra.constructs.sweep import Sweep


class CsmsStack(Stack):
    """One deployment of the Central System."""

    def __init__(self, scope: Construct, construct_id: str, config: Config) -> None:
        super().__init__(
            scope,
            construct_id,
            description="OCPP 1.6-J Central System",
            termination_protection=config.is_retained,
        )
        state = State(self, "State", config)
        files = Files(self, "Files", config)
        charge_points = ChargePoints(self, "ChargePoints", config)
        calls = Calls(self, "Calls")
        charging_plans = ChargingPlans(self, "ChargingPlans")
        events = Events(self, "Events")
        secrets = Secrets(self, "Secrets")
        operators = Operators(self, "Operators", config)
        edge = Distributions(self, "Edge", config, charge_points.host, operators.host)
        environment = config.environment(
            table_name=state.table.table_name,
            callback_url=charge_points.callback_url,
            calls_queue_url=calls.queue_url,
            charging_plan_arn=charging_plans.state_machine_arn,
            boundaries_queue_url=charging_plans.queue_url,
            events_queue_url=events.queue_url,
            event_bus=events.bus_name,
            secrets_key_id=secrets.key_id,
            files_bucket=files.bucket.bucket_name,
            public_url=config.public_url or edge.url or operators.url,
            edge_secret_ids=edge.secret_ids,
        )
        functions = Functions(self, "Functions", config, environment)
        state.grant(functions)
        files.grant(functions)
        charge_points.grant(functions)
        charge_points.route(functions)
        calls.grant(functions)
        secrets.grant(functions)
        edge.grant(functions)
        calls.feed(functions, state.table)
        charging_plans.grant(functions)
        charging_plans.feed(functions, state.table)
        charging_plans.run(functions, config)
        events.grant(functions)
        events.feed(functions)
        Sweep(self, "Sweep", functions)
        operators.route(functions)
        if config.monitoring:
            Alarms(self, "Alarms", config, state.table)
            FleetDashboard(self, "Dashboard", config, state.table)
        if config.backup_days:
            Backup(self, "Backup", config, state.table)
        if config.monthly_budget_usd and config.alarm_email:
            Budget(self, "Budget", config.monthly_budget_usd, config.alarm_email)
