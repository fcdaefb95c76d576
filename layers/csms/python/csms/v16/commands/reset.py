"""Reset [S 5.14]: restart a charge point; transactions stop first (Soft) or are reported after the boot (Hard)."""

from enum import StrEnum
from typing import Literal

from csms.v16 import security_profile
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Situation


class ResetType(StrEnum):
    """How hard [S 7.40]."""

    HARD = "Hard"
    SOFT = "Soft"


class ResetRequest(CommandRequest):
    """Reset.req [S 6.39]."""

    type: ResetType


class ResetResponse(CommandResponse):
    """Reset.conf [S 6.40]: Accepted or Rejected."""

    status: Literal["Accepted", "Rejected"]


RESET = Operation("Reset", ResetRequest, ResetResponse, is_immediate=True)


@RESET.checks
def check(_: ResetRequest, situation: Situation) -> None:
    """A restart for a new security profile is over when the station has it."""
    security_profile.check_restart(situation)
