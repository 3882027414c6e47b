"""Signatures by Standard Webhooks, with the job's own secret or the stack's."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from standardwebhooks import Webhook

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

BOTH_FOR = timedelta(days=7)
"""So long after the stack's secret was changed, the one before it signs too."""
_KEPT_S = 300.0


def signed_headers(
    secrets: Sequence[str], event_id: str, body: str, now: datetime
) -> dict[str, str]:
    """The three headers of an attempt; one signature for each secret."""
    signatures = [Webhook(secret).sign(event_id, now, body) for secret in secrets]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


@dataclass
class StackSecrets:
    """The stack's secret, and for a while after a change the one before it.

    Kept for five minutes, so that a burst of webhooks asks once.
    """

    manager: "SecretsManagerClient"
    arn: str
    clock: Callable[[], float] = time.monotonic
    _kept: tuple[float, tuple[str, ...]] | None = field(default=None, init=False, repr=False)

    def get(self, now: datetime) -> tuple[str, ...]:
        if self._kept is None or self.clock() - self._kept[0] > _KEPT_S:
            self._kept = (self.clock(), self._read(now))
        return self._kept[1]

    def _read(self, now: datetime) -> tuple[str, ...]:
        current = self.manager.get_secret_value(SecretId=self.arn)
        if now - current["CreatedDate"] > BOTH_FOR:
            return (current["SecretString"],)
        try:
            before = self.manager.get_secret_value(SecretId=self.arn, VersionStage="AWSPREVIOUS")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return (current["SecretString"],)
        return (current["SecretString"], before["SecretString"])
