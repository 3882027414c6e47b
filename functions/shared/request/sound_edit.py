"""What may become of the sound between the timeline and its encodings."""

from typing import Self

from pydantic import Field, model_validator

from functions.shared.request.base import Address, Model


class MixIn(Model):
    """Another sound beside the job's own: music, a commentary."""

    source: Address = Field(description="`s3://bucket/key` or `https://…`: a file with sound.")
    volume_db: float = Field(default=0, ge=-60, le=24, description="Of it; -6 is half as loud.")
    from_s: float = Field(
        default=0, ge=0, le=86_400, description="Where on the timeline it begins."
    )
    loop: bool = Field(default=False, description="Again and again, to the timeline's end.")
    duck: bool = Field(
        default=False, description="Whether it is lowered while the job's own sound is loud."
    )


class SoundEdit(Model):
    """What is done to the sound, once for all outputs, in this order."""

    replace: Address | None = Field(
        default=None,
        description=(
            "Another file's sound instead of the source's; it is laid on the timeline from its"
            " start, and clips do not cut it."
        ),
    )
    offset_s: float = Field(
        default=0, ge=-3600, le=3600, description="Later by so much, or earlier where negative."
    )
    volume_db: float = Field(default=0, ge=-60, le=24, description="-6 is half as loud.")
    mix: MixIn | None = Field(default=None, description="Another sound beside it.")
    fade_in_s: float = Field(default=0, ge=0, le=60, description="From silence.")
    fade_out_s: float = Field(
        default=0, ge=0, le=60, description="To silence at the timeline's end."
    )
    loudness_lufs: float | None = Field(
        default=None,
        ge=-70,
        le=-5,
        description=(
            "Integrated loudness after EBU R128, measured first and then set: -23 for European"
            " television, about -14 for the web. By one gain throughout, unless that would"
            " exceed the true peak."
        ),
    )
    true_peak_db: float | None = Field(
        default=None,
        ge=-9,
        le=0,
        description="The most a true peak may have, in dBTP, with loudness_lufs; -1 without it.",
    )

    @model_validator(mode="after")
    def _peak(self) -> Self:
        if self.true_peak_db is not None and self.loudness_lufs is None:
            raise ValueError("true_peak_db goes with loudness_lufs")
        return self
