"""How workers read what a request names besides its source.

Sound is read like the source, over a signed address (`parts.open_source`, and `check_source`
afterwards). Pictures and captions are small: they are read from disk.
"""

from collections.abc import Iterable
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter

from functions.shared.parts import Store
from functions.shared.plan import Asset
from functions.shared.plan.overlay import Cue

_CUES: TypeAdapter[list[Cue]] = TypeAdapter(list[Cue], config=ConfigDict(defer_build=True))


def fetch_assets(store: Store, assets: Iterable[Asset], folder: Path) -> dict[str, Path]:
    """Each asset as a file with a name of ours, by its key.

    Raises SourceChanged where its bytes are not those that were planned.
    """
    files: dict[str, Path] = {}
    for asset in assets:
        if asset.key not in files:
            file = folder / f"asset-{len(files)}"
            store.download(asset.key, file, bucket=asset.bucket, etag=asset.etag)
            files[asset.key] = file
    return files


def read_cues(text: str | bytes) -> list[Cue]:
    """Captions as plan_render wrote them down, by their starts."""
    return _CUES.validate_json(text)
