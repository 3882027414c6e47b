"""Where a web ACL is before the API, only the distribution that asks it may be answered."""

import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from functions.handle_api.problems import NOT_THIS_WAY, Problem

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

HEADER = "x-reelwright-pass"
"""As infrastructure/firewall.py has the distribution send it."""
_KEPT_S = 300.0


@dataclass
class FrontDoor:
    """Knows the pass by its secret, and keeps it for five minutes."""

    manager: "SecretsManagerClient"
    arn: str
    clock: Callable[[], float] = time.monotonic
    _kept: tuple[float, bytes] | None = field(default=None, init=False, repr=False)

    def check(self, headers: Mapping[str, str]) -> None:
        """Problem (403) for a call that came past the distribution."""
        shown = headers.get(HEADER, "").encode()
        if not hmac.compare_digest(shown, self._pass()):
            raise Problem(
                NOT_THIS_WAY, "Calls to this address are not answered; use the stack's ApiUrl."
            )

    def _pass(self) -> bytes:
        if self._kept is None or self.clock() - self._kept[0] > _KEPT_S:
            found = self.manager.get_secret_value(SecretId=self.arn)
            self._kept = (self.clock(), found["SecretString"].encode())
        return self._kept[1]
