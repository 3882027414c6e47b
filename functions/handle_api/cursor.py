"""Where a listing goes on. Opaque to callers, and nothing in it is trusted: whose jobs are listed
is never read from it."""

import base64
from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from functions.handle_api.problems import INVALID_PARAMETER, FieldError, Problem
from functions.shared.job import JOB_ID

_STAMP = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class After(_Part):
    """The last job that was looked at."""

    created_at: Annotated[str, Field(pattern=_STAMP)]
    job_id: Annotated[str, Field(pattern=JOB_ID)]


class Position(_Part):
    """`day` where all jobs are listed, which goes day by day; `after` None: at the beginning."""

    day: date | None = None
    after: After | None = None

    def encode(self) -> str:
        text = self.model_dump_json(exclude_none=True)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, cursor: str) -> Self:
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            return cls.model_validate_json(base64.b64decode(padded, b"-_", validate=True))
        except ValueError:  # of encoding, of base64 and of the model alike
            raise unknown() from None


def unknown() -> Problem:
    wrong = "The cursor is not one that a list of yours gave; begin again without it."
    return Problem(INVALID_PARAMETER, wrong, [FieldError(path="cursor", detail=wrong)])
