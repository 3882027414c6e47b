"""What the request's parts share: their base, and which addresses may stand in them."""

import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from functions.shared.addresses import is_public

NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
COLOUR = r"^#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?$"
"""#RRGGBB, or with alpha #RRGGBBAA."""
_BUCKET = re.compile(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")


class Model(BaseModel):
    """Base of the request's parts: unknown fields and inexact types are errors.

    Parts need no validator of their own, as the whole request's holds theirs.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True
    )


def check_source(source: str) -> str:
    """Only what the renderer reads from: an S3 object, or a public https address."""
    url = split_url(source)
    if url.scheme == "s3":
        if not _BUCKET.match(url.netloc) or len(url.path) < 2:  # noqa: PLR2004 - "/" and a letter
            raise ValueError("an S3 source is written s3://bucket/key")
    elif url.scheme == "https":
        check_https("an https source", url)
    else:
        raise ValueError(f"the scheme {url.scheme or 'missing'!r} is not one of s3, https")
    return source


def split_url(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError as error:
        raise ValueError(f"it is not a URL ({error})") from None
    return url


def check_https(what: str, url: SplitResult) -> None:
    """An address written out is judged here; a name is judged when it is resolved."""
    host = url.hostname or ""
    if not host or url.username or url.password or url.port == 0:
        raise ValueError(f"{what} names a host and carries no user or password")
    try:
        public = is_public(host)
    except ValueError:
        return
    if not public:
        raise ValueError(f"the address {host} is not a public one")


Address = Annotated[
    str,
    Field(max_length=4096, json_schema_extra={"x-media-address": True}),
    AfterValidator(check_source),
]
"""`s3://bucket/key` or `https://…`."""
