"""State in DynamoDB: one module per aggregate over one table. The only package that knows DynamoDB."""

from typing import TYPE_CHECKING

from csms.settings import Settings
from csms.store.bulks import Bulks
from csms.store.calls import Calls
from csms.store.charge_point_models import ChargePointModels
from csms.store.charge_points import ChargePoints
from csms.store.charging_plans import ChargingPlans
from csms.store.charging_profiles import ChargingProfiles
from csms.store.configuration import Configuration
from csms.store.connection_attempts import ConnectionAttempts
from csms.store.connectors import Connectors
from csms.store.file_tokens import FileTokens
from csms.store.file_transfers import FileTransfers
from csms.store.firmware import FirmwareImages
from csms.store.history import History
from csms.store.id_tags import IdTags
from csms.store.links import Links
from csms.store.local_lists import LocalLists
from csms.store.messages import Messages
from csms.store.meter_values import MeterValues
from csms.store.orphans import Orphans
from csms.store.planned_profiles import PlannedProfiles
from csms.store.reservations import Reservations
from csms.store.sessions import Sessions
from csms.store.sites import Sites
from csms.store.table import Table
from csms.store.transactions import Transactions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["Store"]


class Store:
    """Every aggregate of one table."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        table = Table(client, settings.table_name)
        self.bulks = Bulks(table)
        self.calls = Calls(table)
        self.charge_point_models = ChargePointModels(table)
        self.charge_points = ChargePoints(table)
        self.charging_plans = ChargingPlans(table)
        self.charging_profiles = ChargingProfiles(table)
        self.configuration = Configuration(table)
        self.connection_attempts = ConnectionAttempts(table)
        self.connectors = Connectors(table)
        self.file_tokens = FileTokens(table)
        self.file_transfers = FileTransfers(table, settings.history_days)
        self.firmware = FirmwareImages(table)
        self.history = History(table, settings.history_days)
        self.id_tags = IdTags(table)
        self.links = Links(table)
        self.local_lists = LocalLists(table)
        self.messages = Messages(table, settings.message_log_days)
        self.meter_values = MeterValues(table)
        self.orphans = Orphans(table)
        self.planned_profiles = PlannedProfiles(table)
        self.reservations = Reservations(table)
        self.sessions = Sessions(table)
        self.sites = Sites(table)
        self.transactions = Transactions(table)
