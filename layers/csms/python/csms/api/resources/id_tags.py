"""Id tags: who may charge."""

from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from csms.api.bodies import parse_json
from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_place, encode_place
from csms.api.id_tag_import import LARGEST_IMPORT, ImportReport, Row, import_tags, rows_of_csv, rows_of_json
from csms.api.id_tag_models import ChangedIdTagView, IdTagChanges, IdTagView, NewIdTag, read_tag, view_of
from csms.api.id_tag_withdrawal import NextStep, Propagate, Withdrawal, groups_to_tell, next_steps
from csms.api.models import Page
from csms.api.problems import Conflict, NotFound, UnsupportedMediaType
from csms.api.request import Current, CurrentRequest
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.authorization import AuthorizationStatus, IdTag, may_charge
from csms.store.errors import ConditionFailed

routes = Routes("Id tags")

PathTag = Annotated[str, Path(description="The id tag, percent-encoded; its case is ignored.")]

_ROW: Final = NewIdTag.model_json_schema()
_TAKES: Final[dict[str, Any]] = {
    "application/json": {
        "schema": {"oneOf": [_ROW, {"type": "array", "maxItems": LARGEST_IMPORT, "items": _ROW}]},
    },
    "text/csv": {"schema": {"type": "string"}},
}


@routes.get("/id-tags", Scope.READ)
def list_id_tags(current: Current, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None) -> Page[IdTagView]:
    """All id tags, in no particular order."""
    page = current.store.id_tags.list(limit=limit, cursor=decode_place(cursor))
    return Page[IdTagView](items=[view_of(tag) for tag in page.things], cursor=encode_place(page.cursor))


@routes.post(
    "/id-tags",
    Scope.OPERATE,
    takes=_TAKES,
    answers={
        200: {"application/json": {"model": ImportReport}},
        201: {"application/json": {"model": IdTagView}},
    },
)
def add_id_tags(current: Current, propagate: Propagate = False) -> Response[Any]:
    """Add one id tag, or import many.

    A JSON object is one new tag: 201, or 409 if there is one in this or another case. A JSON array or `text/csv`
    is an import of up to 1000 tags: each is added, or replaces the one there is; rows that are wrong are left out and
    named in the report. The first line of the CSV names the columns: idTag, status, expiryDate, parentIdTag,
    groups (separated by `|`), maxActiveTransactions (`unlimited` for no limit), note.
    """
    match current.headers["content-type"]:
        case "text/csv":
            return _import(current, rows_of_csv(current.body), propagate=propagate)
        case "" | "application/json":
            content = parse_json(current.body)
        case _:
            raise UnsupportedMediaType("application/json or text/csv is expected")
    if isinstance(content, list):
        return _import(current, rows_of_json(content), propagate=propagate)
    return _create(current, read_tag(content))


@routes.get("/id-tags/<tag>", Scope.READ)
def read_id_tag(current: Current, tag: PathTag) -> IdTagView:
    """One id tag."""
    return view_of(_find(current, tag))


@routes.patch("/id-tags/<tag>", Scope.OPERATE)
def change_id_tag(
    current: Current, tag: PathTag, changes: Annotated[IdTagChanges, Body()], propagate: Propagate = False
) -> ChangedIdTagView:
    """Change an id tag.

    A field left out stays. null removes it, and of `maxActiveTransactions` the limit; a tag is never without `status`.
    Of a tag that may not charge now, `nextSteps` says which charge points may let it charge while they are offline, and
    what ends that: a bulk ClearCache, and a synchronisation of local lists.
    """
    known, assignments = _find(current, tag), changes.assignments()
    if propagate and not may_charge(replace(known, **assignments), current.now):
        assignments["untold_groups"] = list(groups_to_tell(known))
    try:
        changed = current.store.id_tags.change(known.id_tag, assignments)
    except ConditionFailed as gone:
        raise _unknown(tag) from gone
    withdrawn = () if may_charge(changed, current.now) else (known, changed)
    steps = next_steps(current, withdrawn, is_wanted=propagate)
    return ChangedIdTagView(**dict(view_of(changed)), next_steps=steps)


@routes.delete(
    "/id-tags/<tag>",
    Scope.OPERATE,
    status=HTTPStatus.NO_CONTENT,
    answers={200: {"application/json": {"model": Withdrawal}}},
)
def delete_id_tag(current: Current, tag: PathTag, propagate: Propagate = False) -> Response[Any]:
    """Remove an id tag; it is `Invalid` from now on.

    204, or with `propagate` 200 and what is done about charge points that may know the tag; safe to repeat until then.
    """
    known = _find(current, tag)
    if propagate:
        return Response(200, "application/json", Withdrawal(next_steps=_delete_everywhere(current, known)))
    try:
        current.store.id_tags.delete(known.id_tag)
    except ConditionFailed as gone:
        raise _unknown(tag) from gone
    return Response(204)


def _delete_everywhere(current: CurrentRequest, tag: IdTag) -> list[NextStep]:
    """Block it, tell charge points, and remove it last: as long as it is there, a repetition knows whom to tell.

    Raises:
        NotFound: somebody else has removed it.
    """
    tags = current.store.id_tags
    try:
        tags.change(tag.id_tag, {"status": AuthorizationStatus.BLOCKED})
    except ConditionFailed as gone:
        raise _unknown(tag.id_tag) from gone
    steps = next_steps(current, (tag,), is_wanted=True)
    with suppress(ConditionFailed):
        tags.delete(tag.id_tag)
    return steps


def _create(current: CurrentRequest, tag: IdTag) -> Response[Any]:
    try:
        current.store.id_tags.create(tag)
    except ConditionFailed as exists:
        raise Conflict(f"there is an id tag {tag.id_tag} already") from exists
    location = f"/id-tags/{quote(tag.id_tag, safe='')}"
    return Response(201, "application/json", view_of(tag), headers={"Location": location})


def _import(current: CurrentRequest, rows: list[Row], *, propagate: bool) -> Response[Any]:
    return Response(200, "application/json", import_tags(current, rows, propagate=propagate))


def _find(current: CurrentRequest, tag: str) -> IdTag:
    """The tag a path names. API Gateway has decoded it; a tag may contain what looks encoded, so that comes first."""
    found = current.store.id_tags.get(tag)
    if found is None and "%" in tag:
        found = current.store.id_tags.get(unquote(tag))
    if found is None:
        raise _unknown(tag)
    return found


def _unknown(tag: str) -> NotFound:
    return NotFound(f"there is no id tag {tag}")
