"""What every OCPP 1.6 payload model shares, and how a payload that does not fit becomes a CALLERROR."""

from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from csms.ocpp.errors import ErrorCode, InvalidPayload
from csms.ocpp.json_types import JsonObject


class Payload(BaseModel):
    """A payload: snake_case here, the specification's camelCase on the wire, in the schema's key order.

    Reads tolerantly (unknown fields are ignored, numbers and strings converted), writes without absent fields.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="ignore",
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,  # a log must not show what stations send
        defer_build=True,  # a cold start builds only the models it meets
    )

    @classmethod
    def read(cls, payload: JsonObject) -> Self:
        """Validate a station's payload.

        Raises:
            InvalidPayload: with the code for the first finding, the field in its description.
        """
        try:
            return cls.model_validate(payload)
        except ValidationError as error:
            raise _violation(error) from error

    def write(self) -> JsonObject:
        """The payload as it goes on the wire."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


_CODE_OF_FINDING: Final = {
    "missing": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
    "greater_than_equal": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "less_than_equal": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "too_short": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
    "too_long": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
    "string_too_long": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "enum": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
}


def _violation(error: ValidationError) -> InvalidPayload:
    finding: Any = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in finding["loc"])
    absent = finding["type"] == "missing" or ("input" in finding and finding["input"] is None)
    code = _CODE_OF_FINDING["missing"] if absent else _CODE_OF_FINDING.get(finding["type"])
    # pydantic's own sentence may repeat the value, which may be a secret: name the field and the kind of finding only.
    reason = "missing" if absent else finding["type"].replace("_", " ")
    return InvalidPayload(f"{field}: {reason}", code=code or ErrorCode.TYPE_CONSTRAINT_VIOLATION)
