"""Whom a job's changes are told to."""

import base64
from typing import Annotated

from pydantic import AfterValidator, Field

from functions.shared.request.base import Model, check_https, split_url


def _check_webhook(address: str) -> str:
    url = split_url(address)
    if url.scheme != "https":
        raise ValueError("a webhook address begins with https://")
    check_https("a webhook address", url)
    return address


def _check_secret(secret: str) -> str:
    try:
        base64.b64decode(secret.removeprefix("whsec_") + "==")
    except ValueError:
        raise ValueError("a webhook secret is whsec_ and then base64") from None
    return secret


class Notify(Model):
    """Whom to tell of the job's changes."""

    webhook_url: Annotated[str, Field(max_length=2048), AfterValidator(_check_webhook)] | None = (
        Field(default=None, description="An https address; see docs/events.md.")
    )
    webhook_secret: (
        Annotated[
            str,
            Field(pattern=r"^whsec_[A-Za-z0-9+/]{32,88}={0,2}$"),
            AfterValidator(_check_secret),
        ]
        | None
    ) = Field(
        default=None,
        repr=False,
        description="Signs this job's webhooks in place of the stack's secret; never shown again.",
    )
    metadata: dict[str, str] = Field(
        default_factory=dict, description="Yours; handed back as it was."
    )
