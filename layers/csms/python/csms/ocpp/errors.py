"""What can be wrong with what a station sends, and the names OCPP-J 1.6 has for it.

ProtocolViolation
+-- UnreadableFrame      nothing can be answered: there is no message id to answer to
+-- CallViolation        a CALL we can address: answered with a CALLERROR
    +-- MalformedCall    the frame itself
    +-- InvalidPayload   a field of the payload
"""

from enum import StrEnum

from csms.ocpp.json_types import JsonObject, MessageId


class ErrorCode(StrEnum):
    """CALLERROR codes [J table 7]. Two are misspelt in the standard and stay so."""

    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    INTERNAL_ERROR = "InternalError"
    PROTOCOL_ERROR = "ProtocolError"
    SECURITY_ERROR = "SecurityError"
    FORMATION_VIOLATION = "FormationViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    OCCURENCE_CONSTRAINT_VIOLATION = "OccurenceConstraintViolation"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"
    GENERIC_ERROR = "GenericError"


class ProtocolViolation(Exception):  # noqa: N818  a violation is theirs, an error would be ours
    """The station broke the protocol; `str()` says how."""


class UnreadableFrame(ProtocolViolation):
    """No frame, or one without a message id: logged, never answered [J 4.1.3, 4.2]."""


class CallViolation(ProtocolViolation):
    """A CALL that is answered with a CALLERROR of this code."""

    code: ErrorCode = ErrorCode.GENERIC_ERROR

    def __init__(self, description: str, *, code: ErrorCode | None = None, details: JsonObject | None = None) -> None:
        super().__init__(description)
        self.code = code or type(self).code
        self.details = details or {}


class MalformedCall(CallViolation):
    """A CALL whose frame is wrong, although its message id is readable."""

    code = ErrorCode.FORMATION_VIOLATION

    def __init__(self, message_id: MessageId, action: str | None, description: str) -> None:
        super().__init__(description)
        self.message_id = message_id
        self.action = action
        """What it was meant to be, if that is readable."""


class InvalidPayload(CallViolation):
    """A payload field that is missing, of the wrong type or out of bounds."""
