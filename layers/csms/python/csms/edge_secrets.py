"""The secrets by which distributions are known, in Secrets Manager."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from csms.edge import SecretNotReadable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_VERSIONS: Final = ("AWSCURRENT", "AWSPREVIOUS")


class EdgeSecrets:
    """Reads them; the client is made when one is asked for."""

    def __init__(self, client: Callable[[], "SecretsManagerClient"]) -> None:
        self._client = client

    def read(self, secret_id: str) -> tuple[bytes, ...]:
        """The secret and, since it was rotated, the one before: distributions take a while to change.

        Raises:
            SecretNotReadable: the service does not give it.
        """
        try:
            return tuple(self._versions(secret_id))
        except (BotoCoreError, ClientError) as error:
            raise SecretNotReadable(type(error).__name__) from error

    def _versions(self, secret_id: str) -> list[bytes]:
        client, found = self._client(), []
        for version in _VERSIONS:
            try:
                answer = client.get_secret_value(SecretId=secret_id, VersionStage=version)
            except client.exceptions.ResourceNotFoundException:
                continue
            found.append(answer["SecretString"].encode())
        return found
