"""What a request names besides its source."""

from typing import Literal

from functions.shared.frozen import Frozen

AssetKind = Literal["image", "captions", "sound"]


class Asset(Frozen):
    """One object that workers read beside the source; `etag` pins its bytes for the whole job."""

    kind: AssetKind
    field: str
    """Of the request, e.g. `edit.overlays.0.image`: what messages call it."""
    bucket: str
    key: str
    etag: str
    size_bytes: int
