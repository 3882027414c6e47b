"""What the API reads and answers beside jobs themselves."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from functions.shared.job_rows import Status
from functions.shared.job_view import JobSummary, View
from functions.shared.request.base import Model
from functions.shared.resizing import Width

MOST_JOBS = 100
MOST_PARTS = 1200


def _number(value: Any) -> Any:
    """Parameters are text; only plain digits are a number."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


class ListQuery(BaseModel):
    """Which jobs to list."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    status: Status | None = Field(default=None, description="Only jobs of this status.")
    order_key: str | None = Field(
        default=None, min_length=1, max_length=128, description="Only jobs of this `order_key`."
    )
    limit: Annotated[int, BeforeValidator(_number)] = Field(
        default=20, ge=1, le=MOST_JOBS, description="Jobs in one answer, at most."
    )
    cursor: str | None = Field(
        default=None, max_length=512, description="`cursor` of the answer before."
    )


class JobList(View):
    """Jobs, newest first."""

    jobs: tuple[JobSummary, ...]
    cursor: str | None = Field(
        description="Ask with it for what follows; null at the end. With filters, an answer may "
        "hold fewer jobs than asked for, or none, and more may follow."
    )


class PictureQuery(BaseModel):
    """Which size of a snapshot."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    width: Annotated[Width | None, BeforeValidator(_number)] = Field(
        default=None,
        description="Pixels; as it was taken without it, and where that is not wider.",
    )


class Picture(View):
    """A snapshot, to be loaded."""

    key: str = Field(description="In the stack's media bucket.")
    width: int
    height: int
    size_bytes: int
    url: str = Field(description="Presigned.")


class UploadRequest(Model):
    """A file that is to be a job's source."""

    name: str = Field(
        min_length=1, max_length=255, description="Of the file; shown again in the source's URL."
    )
    size_bytes: int = Field(ge=1, description="Exactly: no other number of bytes can be sent.")


class UploadPart(View):
    """A piece of the file, in order."""

    number: int = Field(description="From 1.")
    url: str = Field(description="Presigned: `PUT` the piece's bytes there.")
    size_bytes: int


class Upload(View):
    """Where to put the file, and what it will be called."""

    source: str = Field(description="A job's `source`, once the file is there.")
    parts: tuple[UploadPart, ...] = Field(description="One for a file of up to 5 GiB.")
    upload_id: str | None = Field(description="null: the one `PUT` is all there is to do.")
    complete_url: str | None = Field(
        description="Below the API's address: `POST` the parts' ETags there in the end."
    )
    expires_at: datetime = Field(description="No `PUT` begins after this.")


class CompleteUpload(Model):
    """What S3 answered to the parts."""

    source: str = Field(max_length=4096, description="As it was given when the upload began.")
    etags: Annotated[
        tuple[Annotated[str, Field(pattern=r'^"?[A-Za-z0-9-]{1,64}"?$')], ...],
        Field(min_length=1, max_length=MOST_PARTS),
    ] = Field(description="The header `ETag` of each part's `PUT`, in order.")


class Uploaded(View):
    """The file is whole."""

    source: str = Field(description="A job's `source`.")
