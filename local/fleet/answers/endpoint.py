"""What every group of answers stands on."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ocpp.routing import on
from ocpp.v16.enums import Action

from local.fleet.agenda import Deed

if TYPE_CHECKING:
    from local.fleet.life import Life
    from local.fleet.station import Station

Handler = TypeVar("Handler", bound=Callable[..., Any])
AT_ONCE = timedelta(0)


def answers(action: Action) -> Callable[[Handler], Handler]:
    """Mark a method as the handler of an action; `ocpp.routing.on` with types."""
    return cast("Callable[[Handler], Handler]", on(action))


class Endpoint:
    """Gives the answers access to the station."""

    life: "Life"
    consequences: list[tuple[timedelta, Deed]]

    @property
    def station(self) -> "Station":
        """The station that was called."""
        return self.life.station

    def then(self, deed: Deed, after: timedelta = AT_ONCE) -> None:
        """Do something after the answer was sent, a while later in station time."""
        self.consequences.append((after, deed))

    def let_follow(self) -> None:
        """Put the consequences of the last call on the station's agenda."""
        now = self.station.clock.now()
        for after, deed in self.consequences:
            self.station.agenda.put(now + after, deed)
        self.consequences.clear()
