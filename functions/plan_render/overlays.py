"""From what was asked to be laid over the pictures to the plan's records. Pure."""

from functions.plan_render.assets import Brought
from functions.shared.plan.overlay import (
    BurntCaptions,
    CaptionTrack,
    ImageOverlay,
    Overlays,
    TextOverlay,
)
from functions.shared.request.edit import Edit
from functions.shared.request.overlay import filled


def overlays(edit: Edit, brought: Brought) -> Overlays:
    """What is drawn over every output."""
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
