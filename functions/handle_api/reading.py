"""Bodies, headers and query parameters become models, or a problem that says what is wrong."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from functions.handle_api.problems import (
    INVALID_PARAMETER,
    INVALID_REQUEST,
    NOT_JSON,
    TOO_LARGE,
    FieldError,
    Problem,
)
from functions.shared.faults import Fault, faults, sentence

MOST_BODY_BYTES = 128 * 1024
_KEY = re.compile(r"[\x20-\x7e]{1,255}")
T = TypeVar("T", bound=BaseModel)


def body_of(body: str | None, *, is_base64: bool) -> bytes:
    """API Gateway encodes what is not declared as JSON or text."""
    try:
        content = (
            base64.b64decode(body or "", validate=True) if is_base64 else (body or "").encode()
        )
    except (binascii.Error, UnicodeEncodeError):
        raise Problem(NOT_JSON, "The body can't be read.") from None
    if len(content) > MOST_BODY_BYTES:
        raise Problem(
            TOO_LARGE, f"The body has {len(content)} bytes; {MOST_BODY_BYTES} are allowed."
        )
    return content


def read_body(model: type[T], body: bytes) -> T:
    """Read as JSON whatever type it is declared to be."""
    if not body.strip():
        raise Problem(NOT_JSON, "The body is empty; it must be a JSON object.")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = faults(error, model)
        if any(one["type"] == "json_invalid" for one in error.errors()):
            raise Problem(NOT_JSON, sentence(found)) from None
        raise Problem(INVALID_REQUEST, sentence(found), _field_errors(found)) from None


def read_query(model: type[T], given: Mapping[str, str]) -> T:
    """Query parameters. One that is not known is an error, as a field of a body is."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = faults(error, model)
        raise Problem(INVALID_PARAMETER, sentence(found), _field_errors(found)) from None


def idempotency_key(header: str | None) -> str | None:
    if header is not None and not _KEY.fullmatch(header):
        wrong = "Idempotency-Key must be 1 to 255 printable ASCII characters."
        raise Problem(INVALID_PARAMETER, wrong, [FieldError(path="Idempotency-Key", detail=wrong)])
    return header


def _field_errors(found: list[Fault]) -> list[FieldError]:
    return [FieldError(path=one.path, detail=f"{one.said}.") for one in found]
