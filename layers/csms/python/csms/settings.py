"""What a deployment can set, read from the environment once."""

import os
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

LONGEST_SETTLE_S: Final = 120
LONGEST_GAP_S: Final = 60


class UnknownChargePoints(StrEnum):
    """What `connect` does with an identity nobody has created."""

    REJECT = "reject"
    PENDING = "pending"
    ACCEPT = "accept"


class Settings(BaseModel):
    """One field per environment variable of the same name in capitals."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    table_name: str
    callback_url: str = ""
    """The @connections endpoint of the WebSocket API."""
    calls_queue_url: str = ""
    """The queue that wakes the call engine."""
    charging_plan_arn: str = ""
    """The state machine that runs charging plans."""
    boundaries_queue_url: str = ""
    """The queue that wakes charging plans."""
    events_queue_url: str = ""
    """The queue of what others are told."""
    event_bus: str = ""
    """The EventBridge bus that they are told on."""
    secrets_key_id: str = ""
    """The KMS key for what is secret in a call that was not sent yet."""
    wss_edge_secret_id: str = ""
    """The secret that tells connections through the distribution for TLS; and so on for each distribution there is."""
    ws_edge_secret_id: str = ""
    mtls_edge_secret_id: str = ""
    edge_only: bool = False
    """Whether charge points are refused that come straight to the API instead of through a distribution."""
    files_bucket: str = ""
    public_url: str = ""
    """Where stations reach the HTTP API, without a slash at the end: the start of their short file URLs."""
    permissions_claim: str = "cognito:groups"
    """The claim of an access token in which `read`, `operate` and `admin` count without a prefix: its name, or a dotted
    path to where it is nested."""
    stage: str = "prod"
    unknown_charge_points: UnknownChargePoints = UnknownChargePoints.REJECT
    heartbeat_interval_s: Annotated[int, Field(ge=10, le=300)] = 300
    """At most half the platform's idle time-out of 10 minutes."""
    boot_retry_interval_s: Annotated[int, Field(ge=10, le=3600)] = 60
    """When a Pending or Rejected station may send its next BootNotification."""
    call_timeout_s: Annotated[int, Field(ge=6, le=300)] = 30
    """How long a station may take to answer a call."""
    call_settle_s: Annotated[int, Field(ge=0, le=LONGEST_SETTLE_S)] = 5
    """How long after a BootNotification nothing is sent, unless the model says otherwise."""
    call_gap_s: Annotated[int, Field(ge=0, le=LONGEST_GAP_S)] = 0
    """How long after an answer the next call goes out, unless the model says otherwise."""
    commissioning: bool = True
    """Whether a station that boots is asked for its configuration and brought to what it should be."""
    authorization_cache_hours: Annotated[int, Field(ge=0, le=8760)] = 0
    """How long a station may remember that a tag is accepted: its answer expires then. 0: as long as the tag is."""
    message_log_days: Annotated[int, Field(ge=1, le=3650)] = 30
    history_days: Annotated[int, Field(ge=1, le=3650)] = 90

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the environment.

        Raises:
            pydantic.ValidationError: a variable is missing or out of bounds.
        """
        names = cls.model_fields
        return cls.model_validate({name: os.environ[name.upper()] for name in names if name.upper() in os.environ})
