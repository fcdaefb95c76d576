"""State in DynamoDB: one module per aggregate over one table. The only package that knows DynamoDB."""

from typing import TYPE_CHECKING

from csms.settings import Settings
from csms.store.bulks import Bulks
from csms.store.calls import Calls
from csms.store.charge_points import ChargePoints
from csms.store.connection_attempts import ConnectionAttempts
from csms.store.connectors import Connectors
from csms.store.history import History
from csms.store.id_tags import IdTags
from csms.store.links import Links
from csms.store.messages import Messages
from csms.store.meter_values import MeterValues
from csms.store.orphans import Orphans
from csms.store.sessions import Sessions
from csms.store.table import Table
from csms.store.transactions import Transactions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["Store"]


class Store:
    """Every aggregate of one table."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        table = Table(client, settings.table_name)
        self.calls = Calls(table)
        self.charge_points = ChargePoints(table)
        self.connection_attempts = ConnectionAttempts(table)
        self.connectors = Connectors(table)
        self.history = History(table, settings.history_days)
        self.id_tags = IdTags(table)
        self.links = Links(table)
        self.bulks = Bulks(table)
        self.messages = Messages(table, settings.message_log_days)
        self.meter_values = MeterValues(table)
        self.orphans = Orphans(table)
        self.sessions = Sessions(table)
        self.transactions = Transactions(table)
