"""Whether the API answers at all."""

from csms.api.models import View
from csms.api.routing import OPEN, Routes

routes = Routes("About")


class HealthView(View):
    """It answers."""

    status: str


@routes.get("/health", OPEN)
def read_health() -> HealthView:
    """Whether the API answers; touches nothing else, because anybody may ask."""
    return HealthView(status="ok")
