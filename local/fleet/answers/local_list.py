"""Local authorization list management profile."""

from typing import Any

from ocpp.v16 import call_result
from ocpp.v16.enums import Action, UpdateStatus, UpdateType

from local.fleet.answers.endpoint import Endpoint, answers


class LocalListAnswers(Endpoint):
    """Handlers of the local authorization list profile."""

    @answers(Action.get_local_list_version)
    def on_get_local_list_version(self) -> call_result.GetLocalListVersion:
        """0 for an empty list."""
        return call_result.GetLocalListVersion(self.station.local_list_version if self.station.local_list else 0)

    @answers(Action.send_local_list)
    def on_send_local_list(
        self,
        list_version: int,
        update_type: UpdateType,
        local_authorization_list: list[dict[str, Any]] | None = None,
    ) -> call_result.SendLocalList:
        """Full replaces, Differential adds, changes and (without idTagInfo) removes."""
        station = self.station
        entries = {entry["id_tag"]: entry.get("id_tag_info") for entry in local_authorization_list or []}
        if update_type == UpdateType.full:
            updated = entries
        elif list_version <= station.local_list_version:
            return call_result.SendLocalList(UpdateStatus.version_mismatch)
        else:
            updated = station.local_list | entries
        too_long = len(updated) > int(station.configuration.text("LocalAuthListMaxLength"))
        if too_long or len(entries) < len(local_authorization_list or []):
            return call_result.SendLocalList(UpdateStatus.failed)
        station.local_list = {id_tag: info for id_tag, info in updated.items() if info is not None}
        station.local_list_version = list_version
        return call_result.SendLocalList(UpdateStatus.accepted)
