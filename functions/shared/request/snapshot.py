"""The pictures a job may ask for."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from functions.shared.request.base import Model


class SnapshotRequest(Model):
    """Pictures to take: say when by exactly one of `count`, `every_s` and `at_s`."""

    count: int | None = Field(
        default=None, ge=1, le=1000, description="So many, at the centres of equal parts."
    )
    every_s: float | None = Field(
        default=None, ge=0.04, description="One at 0 and one each so many seconds; 1,000 at most."
    )
    at_s: (
        Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1, max_length=1000)]
        | None
    ) = Field(default=None, description="At these times.")
    widths: Annotated[
        tuple[Annotated[int, Field(ge=16, le=7680)], ...], Field(min_length=1, max_length=8)
    ] = Field(default=(640,), description="Pixels; never wider than the source.")
    format: Literal["jpeg", "png"] = Field(default="jpeg", description="Of the files.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [way for way in ("count", "every_s", "at_s") if getattr(self, way) is not None]
        if len(given) != 1:
            raise ValueError(
                f"say when by one of count, every_s, at_s; this has {' and '.join(given) or 'none'}"
            )
        return self
