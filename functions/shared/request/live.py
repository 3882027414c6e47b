"""The pictures a job may ask for of a stream that is live while the job runs."""

from collections.abc import Iterator
from random import Random
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from functions.shared.request.base import Model

LONGEST_S = 6 * 3600
_MOST = 500

Moment = Annotated[float, Field(ge=0, le=LONGEST_S)]
Count = Annotated[int, Field(ge=1, le=_MOST)]
Period = Annotated[float, Field(ge=1, le=LONGEST_S)]


class RandomMoments(Model):
    """Moments by chance, the same ones for the same seed."""

    count: Count = Field(description="So many.")
    period_s: Period = Field(description="Within so many seconds.")
    seed: int = Field(default=0, description="Of the random numbers.")


class LiveRequest(Model):
    """Pictures of a live stream: say when by exactly one of `count`, `at_s` and `random`.

    Moments count in seconds from when the job finds the stream up; for one that runs already, that
    is when its turn has come. The job keeps its turn, one of the stack's `max_active_jobs`, until
    the last moment has passed or the stream has ended.
    """

    count: Count | None = Field(
        default=None, description="So many, evenly over `period_s`: the first at once."
    )
    period_s: Period | None = Field(default=None, description="Of `count`; six hours at most.")
    at_s: Annotated[tuple[Moment, ...], Field(min_length=1, max_length=_MOST)] | None = Field(
        default=None, description="At these moments; pictures are numbered in order of time."
    )
    random: RandomMoments | None = Field(default=None, description="At moments by chance.")
    widths: Annotated[
        tuple[Annotated[int, Field(ge=16, le=7680)], ...], Field(min_length=1, max_length=8)
    ] = Field(
        default=(640,),
        description="Pixels, and the files' names; a picture is never wider than the stream's.",
    )
    format: Literal["jpeg", "png"] = Field(default="jpeg", description="Of the files.")
    wait_s: float = Field(
        default=300,
        ge=0,
        le=3600,
        description="How long a stream that isn't up yet is waited for.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [way for way in ("count", "at_s", "random") if getattr(self, way) is not None]
        if len(given) != 1:
            raise ValueError(
                f"say when by one of count, at_s, random; this has {' and '.join(given) or 'none'}"
            )
        if (self.count is None) != (self.period_s is None):
            raise ValueError("count and period_s belong together")
        return self

    @property
    def moments_s(self) -> tuple[float, ...]:
        """In order of time, to the millisecond, each once."""
        return tuple(sorted({round(moment, 3) for moment in self._moments_s()}))

    def _moments_s(self) -> Iterator[float]:
        if self.at_s is not None:
            yield from self.at_s
        elif self.random is not None:
            chance = Random(self.random.seed)  # noqa: S311 - nothing is kept secret by it
            yield from (chance.uniform(0, self.random.period_s) for _ in range(self.random.count))
        else:
            count, period_s = self.count or 1, self.period_s or 0
            yield from (period_s * number / count for number in range(count))
