"""What the API answers when it does not do what was asked: problem details (RFC 9457)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:reelwright:problem:"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: `type` is PREFIX and the name."""

    name: str
    status: HTTPStatus
    title: str


NOT_JSON = Kind("not-json", HTTPStatus.BAD_REQUEST, "The body is not JSON")
INVALID_PARAMETER = Kind(
    "invalid-parameter", HTTPStatus.BAD_REQUEST, "A header or query parameter is not possible"
)
WRONG_TOKEN = Kind("wrong-token", HTTPStatus.UNAUTHORIZED, "An access token is needed")
NOT_THIS_WAY = Kind("not-this-way", HTTPStatus.FORBIDDEN, "The API has another address")
NOT_FOUND = Kind("not-found", HTTPStatus.NOT_FOUND, "There is no such thing")
KEY_TAKEN = Kind("key-taken", HTTPStatus.CONFLICT, "The key was used for another request")
CANCEL_REFUSED = Kind("cancel-refused", HTTPStatus.CONFLICT, "The job can't be cancelled any more")
TOO_LARGE = Kind("too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large")
INVALID_REQUEST = Kind(
    "invalid-request", HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not possible"
)
SOURCE_NOT_ALLOWED = Kind(
    "source-not-allowed", HTTPStatus.UNPROCESSABLE_ENTITY, "The source may not be read"
)
INTERNAL = Kind("internal", HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here")
UNAVAILABLE = Kind("unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "Try again in a moment")


class FieldError(BaseModel):
    """A field, header or parameter that is not right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(description="E.g. `render.outputs.0.height`; empty: the body as a whole.")
    detail: str = Field(description="What is wrong, and what would be right.")


class ProblemDocument(BaseModel):
    """Why the API did not do what was asked (RFC 9457)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str = Field(description=f"`{PREFIX}` and a name; the same for the same kind of problem.")
    title: str = Field(description="The kind of problem, for people.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="One sentence on this very occurrence.")
    errors: tuple[FieldError, ...] | None = Field(
        default=None, description="What is wrong with fields or parameters, one by one."
    )
    request_id: str | None = Field(
        default=None, description="For whoever reads the logs, where the API itself failed."
    )


@dataclass
class Problem(Exception):  # noqa: N818 - it is what RFC 9457 calls it
    """Raised by logic; the handler makes its document the answer."""

    kind: Kind
    detail: str
    errors: Sequence[FieldError] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    request_id: str | None = None

    def __str__(self) -> str:
        return self.detail

    def document(self) -> ProblemDocument:
        return ProblemDocument(
            type=f"{PREFIX}{self.kind.name}",
            title=self.kind.title,
            status=int(self.kind.status),
            detail=self.detail,
            errors=None if self.errors is None else tuple(self.errors),
            request_id=self.request_id,
        )


def not_found(job_id: str) -> Problem:
    """Another's job is no other thing than a job that is not there."""
    return Problem(NOT_FOUND, f"There is no job {job_id[:80]!r} of yours.")
