"""Connectors: what each was last known to do."""

from csms.api.models import Moment, PathIdentity, View
from csms.api.request import Current
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.redaction import redact
from csms.store.connectors import Connector

routes = Routes("Charge points")


class ConnectorView(View):
    """A connector; number 0 is the charge point itself."""

    connector_id: int
    status: str | None = None
    error_code: str | None = None
    since: Moment | None = None
    timestamp: Moment | None = None
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None
    transaction_id: int | None = None


class ConnectorList(View):
    """The connectors of one charge point, all of them."""

    items: list[ConnectorView]


@routes.get("/charge-points/<identity>/connectors", Scope.READ)
def list_connectors(current: Current, identity: PathIdentity) -> ConnectorList:
    """The connectors a charge point has spoken of, lowest number first."""
    connectors = current.store.connectors.all(current.charge_point(identity).id)
    return ConnectorList(items=[_view(connector) for connector in connectors])


def _view(connector: Connector) -> ConnectorView:
    status = redact(vars(connector.status)) if connector.status else {}
    return ConnectorView(connector_id=connector.connector_id, transaction_id=connector.transaction_id, **status)
