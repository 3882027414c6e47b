"""Every address a request holds: what may be read is checked, and brought in, by this list."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.shared.request.edit import Edit

if TYPE_CHECKING:
    from functions.shared.plan.asset import AssetKind


@dataclass(frozen=True)
class Named:
    """An asset as a request names it."""

    kind: "AssetKind"
    field: str
    """Its path in the request."""
    address: str


def named_assets(edit: Edit | None) -> Iterator[Named]:
    """All of them; the same address may be named twice."""
    if edit is None:
        return
    for i, overlay in enumerate(edit.overlays):
        yield Named("image", f"edit.overlays.{i}.image", overlay.image)
    for i, captions in enumerate(edit.captions):
        yield Named("captions", f"edit.captions.{i}.source", captions.source)
    if edit.sound is not None and edit.sound.replace is not None:
        yield Named("sound", "edit.sound.replace", edit.sound.replace)
    if edit.sound is not None and edit.sound.mix is not None:
        yield Named("sound", "edit.sound.mix.source", edit.sound.mix.source)
