"""State in DynamoDB: one module per aggregate over one table. The only package that knows DynamoDB."""

from functools import cached_property
from typing import TYPE_CHECKING

from csms.settings import Settings
from csms.store.charge_points import ChargePoints
from csms.store.connectors import Connectors
from csms.store.history import History
from csms.store.id_tags import IdTags
from csms.store.links import Links
from csms.store.messages import Messages
from csms.store.meter_values import MeterValues
from csms.store.sessions import Sessions
from csms.store.table import Table
from csms.store.transactions import Transactions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from csms.store.bulks import Bulks
    from csms.store.calls import Calls
    from csms.store.charge_point_models import ChargePointModels
    from csms.store.charging_plans import ChargingPlans
    from csms.store.charging_profiles import ChargingProfiles
    from csms.store.configuration import Configuration
    from csms.store.connection_attempts import ConnectionAttempts
    from csms.store.file_tokens import FileTokens
    from csms.store.file_transfers import FileTransfers
    from csms.store.firmware import FirmwareImages
    from csms.store.fleet import Fleet
    from csms.store.local_lists import LocalLists
    from csms.store.orphans import Orphans
    from csms.store.planned_profiles import PlannedProfiles
    from csms.store.received_files import ReceivedFiles
    from csms.store.reservations import Reservations
    from csms.store.sites import Sites

__all__ = ["Store"]


class Store:
    """Every aggregate of one table.

    What most messages of charge points need is there from the start. The rest is imported when it is first used,
    because a cold start that answers a station has no time for it.
    """

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self._table = table = Table(client, settings.table_name)
        self._history_days = settings.history_days
        self.charge_points = ChargePoints(table)
        self.connectors = Connectors(table)
        self.history = History(table, settings.history_days)
        self.id_tags = IdTags(table)
        self.links = Links(table)
        self.messages = Messages(table, settings.message_log_days)
        self.meter_values = MeterValues(table)
        self.sessions = Sessions(table)
        self.transactions = Transactions(table)

    @cached_property
    def bulks(self) -> "Bulks":
        """Bulk commands."""
        from csms.store.bulks import Bulks

        return Bulks(self._table)

    @cached_property
    def calls(self) -> "Calls":
        """Calls to charge points."""
        from csms.store.calls import Calls

        return Calls(self._table)

    @cached_property
    def charge_point_models(self) -> "ChargePointModels":
        """Models of charge points."""
        from csms.store.charge_point_models import ChargePointModels

        return ChargePointModels(self._table)

    @cached_property
    def charging_plans(self) -> "ChargingPlans":
        """Charging plans."""
        from csms.store.charging_plans import ChargingPlans

        return ChargingPlans(self._table)

    @cached_property
    def charging_profiles(self) -> "ChargingProfiles":
        """Charging profiles that charge points have."""
        from csms.store.charging_profiles import ChargingProfiles

        return ChargingProfiles(self._table)

    @cached_property
    def configuration(self) -> "Configuration":
        """Configuration keys of charge points."""
        from csms.store.configuration import Configuration

        return Configuration(self._table)

    @cached_property
    def connection_attempts(self) -> "ConnectionAttempts":
        """Refused connections."""
        from csms.store.connection_attempts import ConnectionAttempts

        return ConnectionAttempts(self._table)

    @cached_property
    def file_tokens(self) -> "FileTokens":
        """Short URLs of stations."""
        from csms.store.file_tokens import FileTokens

        return FileTokens(self._table)

    @cached_property
    def file_transfers(self) -> "FileTransfers":
        """Transfers of firmware and diagnostics."""
        from csms.store.file_transfers import FileTransfers

        return FileTransfers(self._table, self._history_days)

    @cached_property
    def firmware(self) -> "FirmwareImages":
        """The firmware library."""
        from csms.store.firmware import FirmwareImages

        return FirmwareImages(self._table)

    @cached_property
    def fleet(self) -> "Fleet":
        """How many charge points there are."""
        from csms.store.fleet import Fleet

        return Fleet(self._table)

    @cached_property
    def local_lists(self) -> "LocalLists":
        """Local authorization lists."""
        from csms.store.local_lists import LocalLists

        return LocalLists(self._table)

    @cached_property
    def orphans(self) -> "Orphans":
        """Charge data that belongs to no transaction."""
        from csms.store.orphans import Orphans

        return Orphans(self._table)

    @cached_property
    def planned_profiles(self) -> "PlannedProfiles":
        """Charging profiles that plans want."""
        from csms.store.planned_profiles import PlannedProfiles

        return PlannedProfiles(self._table)

    @cached_property
    def received_files(self) -> "ReceivedFiles":
        """Files that charge points sent."""
        from csms.store.received_files import ReceivedFiles

        return ReceivedFiles(self._table, self._history_days)

    @cached_property
    def reservations(self) -> "Reservations":
        """Reservations."""
        from csms.store.reservations import Reservations

        return Reservations(self._table)

    @cached_property
    def sites(self) -> "Sites":
        """Sites."""
        from csms.store.sites import Sites

        return Sites(self._table)
