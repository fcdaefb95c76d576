"""Where the local stack listens and keeps its state."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.listener import Listener

_OCPP: Final = Listener("OCPP_PORT", 9000)
_API: Final = Listener("API_PORT", 8080)
_AWS: Final = Listener("AWS_PORT", 4566)
_DIRECTORY: Final = Path(".local")


@dataclass(frozen=True)
class StackSettings:
    """Ports (0 = any free one) and the state directory."""

    ocpp: Listener = _OCPP
    api: Listener = _API
    aws: Listener = _AWS
    directory: Path = _DIRECTORY

    @classmethod
    def from_environment(cls) -> "StackSettings":
        """OCPP_PORT, API_PORT, AWS_PORT and LOCAL_DIRECTORY over the defaults.

        Raises:
            StackError: a port is not a number.
        """
        return cls(
            _OCPP.from_environment(),
            _API.from_environment(),
            _AWS.from_environment(),
            Path(os.environ.get("LOCAL_DIRECTORY") or _DIRECTORY),
        )
