"""From what was asked to be laid over the pictures to the plan's records. Pure."""

from collections.abc import Sequence
from fractions import Fraction

from functions.plan_render.assets.bring_in import Brought
from functions.shared.errors import InvalidRequest
from functions.shared.plan.overlay import (
    BurntCaptions,
    CaptionTrack,
    ImageOverlay,
    Overlays,
    TextOverlay,
)
from functions.shared.request.edit import Edit
from functions.shared.request.overlay import Placed, filled


def overlays(edit: Edit, brought: Brought, length_s: Fraction) -> Overlays:
    """What is drawn over every output. Raises InvalidRequest where some of it never would be."""
    laid: dict[str, Sequence[Placed]] = {"overlays": edit.overlays, "texts": edit.texts}
    for kind, placed in laid.items():
        for i, one in enumerate(placed):
            if one.from_s >= length_s:
                raise InvalidRequest(
                    f"edit.{kind}.{i}.from_s: {one.from_s:g} s is not before the end of the"
                    f" timeline, which is {float(length_s):.3f} s long."
                )
    images = []
    for i, overlay in enumerate(edit.overlays):
        field = f"edit.overlays.{i}.image"
        facts = brought.images[field]
        images.append(
            ImageOverlay(
                asked=overlay,
                asset=brought.assets[field],
                demuxer=facts.demuxer,
                width=facts.width,
                height=facts.height,
            )
        )
    texts = [TextOverlay(asked=text, text=filled(text.text, edit.props)) for text in edit.texts]
    burnt = None
    for i, captions in enumerate(edit.captions):
        if captions.is_burnt:
            files = brought.captions[f"edit.captions.{i}.source"].files
            burnt = BurntCaptions(ass=files["ass"], cues=files["json"])
    return Overlays(images=tuple(images), texts=tuple(texts), burnt=burnt)


def caption_tracks(edit: Edit, brought: Brought) -> tuple[CaptionTrack, ...]:
    """Those that go beside the pictures, in the order asked for."""
    tracks = []
    for i, captions in enumerate(edit.captions):
        if captions.is_track:
            files = brought.captions[f"edit.captions.{i}.source"].files
            tracks.append(
                CaptionTrack(
                    language=captions.language,
                    label=captions.label,
                    vtt=files["vtt"],
                    srt=files["srt"],
                    cues=files["json"],
                )
            )
    return tuple(tracks)
