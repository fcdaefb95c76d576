"""An id tag as requests and answers have it."""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from csms.api.id_tag_withdrawal import Withdrawal
from csms.api.models import ChangesModel, Groups, IdTagText, LongText, Moment, RequestModel, View
from csms.api.problems import Finding, InvalidRequest, findings_of
from csms.authorization import AuthorizationStatus, IdTag
from csms.ocpp.primitives import Integer

GivenStatus = Literal["Accepted", "Blocked", "Expired", "Invalid"]
"""ConcurrentTx is what a start gets, not what a tag is."""
MaxActive = Annotated[Integer, Field(ge=0, le=1_000_000, description="null: as many as it likes.")]


class NewIdTag(RequestModel):
    """An id tag to add."""

    id_tag: IdTagText
    status: GivenStatus = "Accepted"
    expiry_date: Moment | None = None
    parent_id_tag: IdTagText | None = None
    groups: Groups = ()
    max_active_transactions: MaxActive | None = 1
    note: LongText | None = None

    def to_tag(self) -> IdTag:
        """The tag as the store keeps it."""
        return IdTag(
            id_tag=self.id_tag,
            status=AuthorizationStatus(self.status),
            expiry_date=self.expiry_date,
            parent_id_tag=self.parent_id_tag,
            groups=self.groups,
            max_active_transactions=self.max_active_transactions,
            note=self.note,
        )


class IdTagChanges(ChangesModel):
    """What to change of an id tag; a field left out stays, null removes it."""

    status: GivenStatus = "Accepted"
    expiry_date: Moment | None = None
    parent_id_tag: IdTagText | None = None
    groups: Groups | None = None
    max_active_transactions: MaxActive | None = None
    note: LongText | None = None

    def assignments(self) -> dict[str, Any]:
        """The fields that were given, as the store keeps them."""
        given = self.model_dump(exclude_unset=True)
        return given | ({"status": AuthorizationStatus(self.status)} if "status" in given else {})


class IdTagView(View):
    """An id tag."""

    id_tag: str
    status: AuthorizationStatus
    expiry_date: Moment | None
    parent_id_tag: str | None
    groups: list[str]
    max_active_transactions: int | None
    note: str | None


class ChangedIdTagView(IdTagView, Withdrawal):
    """An id tag as it is now, and what follows if it may not charge any more."""


def read_tag(content: Any) -> IdTag:
    """The tag that JSON describes.

    Raises:
        InvalidRequest: naming the fields that are wrong.
    """
    try:
        return NewIdTag.model_validate(content).to_tag()
    except ValidationError as error:
        raise InvalidRequest(*findings_in(error)) from error


def findings_in(error: ValidationError) -> list[Finding]:
    """What is wrong with which field of a tag."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return findings_of([{**detail, "loc": ("body", *detail["loc"])} for detail in details])


def view_of(tag: IdTag) -> IdTagView:
    """The tag as answers show it."""
    return IdTagView(
        id_tag=tag.id_tag,
        status=tag.status,
        expiry_date=tag.expiry_date,
        parent_id_tag=tag.parent_id_tag,
        groups=list(tag.groups),
        max_active_transactions=tag.max_active_transactions,
        note=tag.note,
    )
