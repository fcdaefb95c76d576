"""Secrets that wait to be sent: encrypted by KMS, bound to the call they belong to."""

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from csms.ids import CallId, ChargePointId

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

LONGEST_SECRET: Final = 4096
"""Bytes that KMS encrypts at once."""


class SecretTooLong(Exception):  # noqa: N818  it is an answer, not an error
    """More than KMS encrypts at once."""


class Secrets:
    """Encrypts and decrypts; the client is made for the first secret."""

    def __init__(self, client: Callable[[], "KMSClient"], key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def encrypt(self, text: str, charge_point_id: ChargePointId, call_id: CallId) -> str:
        """The text as it may be stored.

        Raises:
            SecretTooLong: it has more than `LONGEST_SECRET` bytes.
        """
        plain = text.encode()
        if len(plain) > LONGEST_SECRET:
            raise SecretTooLong(f"{len(plain)} bytes")
        answer = self._client().encrypt(
            KeyId=self._key_id, Plaintext=plain, EncryptionContext=_context(charge_point_id, call_id)
        )
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    def decrypt(self, stored: str, charge_point_id: ChargePointId, call_id: CallId) -> str:
        """What `encrypt` was given for this call."""
        answer = self._client().decrypt(
            KeyId=self._key_id,
            CiphertextBlob=base64.b64decode(stored),
            EncryptionContext=_context(charge_point_id, call_id),
        )
        return answer["Plaintext"].decode()


def _context(charge_point_id: ChargePointId, call_id: CallId) -> dict[str, str]:
    """A ciphertext that is copied to another row cannot be read there."""
    return {"charge_point_id": charge_point_id, "call_id": call_id}
