"""The pictures a job may ask for."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from functions.shared.request.base import Model

MOST_PICTURES = 1000
_WAYS = ("count", "every_s", "at_s", "at_percent", "random", "scenes")
_SHEETS = ("sprite", "contact_sheet", "poster")
_LOSSY = {"jpeg", "webp", "avif"}

Columns = Annotated[int, Field(ge=1, le=50)]


class RandomMoments(Model):
    """Different frames, drawn by chance; the same ones for the same seed and timeline."""

    count: int = Field(ge=1, le=MOST_PICTURES, description="So many.")
    seed: int = Field(default=0, ge=0, lt=2**53, description="Another seed draws others.")


class Scenes(Model):
    """The first frames after cuts. There are as many pictures as cuts are found, up to `most`."""

    most: int = Field(default=20, ge=1, le=100, description="The clearest so many.")
    threshold: float = Field(
        default=10,
        ge=1,
        le=100,
        description="How much of a picture must change at once: 10 finds cuts, 100 nothing.",
    )
    min_gap_s: float = Field(
        default=1, ge=0, le=3600, description="Seconds between two pictures at least."
    )


class Sprite(Model):
    """Sheets of thumbnails, and the WebVTT file by which players find them."""

    every_s: float | None = Field(
        default=None, ge=0.1, le=3600, description="A thumbnail each so many seconds."
    )
    count: int | None = Field(
        default=None, ge=1, le=MOST_PICTURES, description="Or so many, of equal parts."
    )
    width: int = Field(default=160, ge=16, le=640, description="Of a thumbnail.")
    columns: Columns = Field(default=10, description="Of a sheet.")
    rows: Columns = Field(default=10, description="Of a full sheet; the last has what is left.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.every_s is None) == (self.count is None):
            raise ValueError("say when by one of every_s and count")
        return self


class ContactSheet(Model):
    """One picture of many: frames at the centres of equal parts."""

    columns: Annotated[int, Field(ge=1, le=20)] = Field(default=4, description="Of the sheet.")
    rows: Annotated[int, Field(ge=1, le=20)] = Field(default=5, description="Of the sheet.")
    width: int = Field(default=320, ge=64, le=1280, description="Of each picture on it.")
    times: bool = Field(default=True, description="Whether each picture's time stands under it.")


class Poster(Model):
    """The best of some frames: neither dark nor bright nor flat, and sharp."""

    best_of: int = Field(
        default=12, ge=1, le=50, description="Frames looked at, at the centres of equal parts."
    )


class SnapshotRequest(Model):
    """Pictures to take: say when by exactly one of `count`, `every_s`, `at_s`, `at_percent`,
    `random` and `scenes`; or ask for a `sprite`, a `contact_sheet` or a `poster` alone."""

    count: int | None = Field(
        default=None,
        ge=1,
        le=MOST_PICTURES,
        description="So many, at the centres of equal parts.",
    )
    every_s: float | None = Field(
        default=None, ge=0.04, description="One at 0 and one each so many seconds; 1,000 at most."
    )
    at_s: (
        Annotated[
            tuple[Annotated[float, Field(ge=0)], ...],
            Field(min_length=1, max_length=MOST_PICTURES),
        ]
        | None
    ) = Field(default=None, description="At these times.")
    at_percent: (
        Annotated[
            tuple[Annotated[float, Field(ge=0, le=100)], ...],
            Field(min_length=1, max_length=MOST_PICTURES),
        ]
        | None
    ) = Field(default=None, description="At these parts of the timeline; 100 is its last frame.")
    random: RandomMoments | None = Field(default=None, description="By chance.")
    scenes: Scenes | None = Field(default=None, description="Where the scene changes.")
    accuracy: Literal["frame", "keyframe"] = Field(
        default="frame",
        description=(
            "`keyframe` takes the nearest key frame before, or the first frame of its clip, which"
            " costs much less; its own time is told. MPEG streams have no index of key frames:"
            " their frames are always exact, as scene changes are."
        ),
    )
    widths: Annotated[
        tuple[Annotated[int, Field(ge=16, le=7680)], ...], Field(min_length=1, max_length=8)
    ] = Field(default=(640,), description="Pixels; never wider than the source.")
    format: Literal["jpeg", "png", "webp", "avif"] = Field(
        default="jpeg", description="Of all picture files."
    )
    quality: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="Of jpeg, webp and avif, 100 the best; 90, 80 and 65 without it.",
    )
    lossless: bool = Field(default=False, description="Of webp.")
    blurhash: bool = Field(
        default=False,
        description="Whether each picture's blurhash (4 by 3 parts) is told; posters' too.",
    )
    sprite: Sprite | None = Field(default=None, description="Thumbnails for a player's time line.")
    contact_sheet: ContactSheet | None = Field(default=None, description="An overview.")
    poster: Poster | None = Field(default=None, description="The one to show first.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [way for way in _WAYS if getattr(self, way) is not None]
        alone = not given and any(getattr(self, sheet) is not None for sheet in _SHEETS)
        if len(given) != 1 and not alone:
            raise ValueError(
                f"say when by one of {', '.join(_WAYS)}; this has {' and '.join(given) or 'none'}"
            )
        return self

    @model_validator(mode="after")
    def _quality_of_what(self) -> Self:
        if self.quality is not None and (self.lossless or self.format not in _LOSSY):
            raise ValueError("quality is of jpeg, avif and lossy webp; leave it out")
        if self.lossless and self.format != "webp":
            raise ValueError("lossless is of webp: png is lossless anyway, jpeg and avif are not")
        return self

    @property
    def most_files(self) -> int:
        """Files there can be at most, as far as the request tells: of `every_s` many."""
        pictures = (
            self.count
            or len(self.at_s or self.at_percent or ())
            or (self.random.count if self.random else 0)
            or (self.scenes.most if self.scenes else 0)
            or (MOST_PICTURES if self.every_s else 0)
        )
        sprite_files = MOST_PICTURES if self.sprite else 0
        in_all_widths = (pictures + (1 if self.poster else 0)) * len(self.widths)
        return in_all_widths + sprite_files + (1 if self.contact_sheet else 0)
