"""Requests that tests of faults send; a source is added to them."""

from typing import Any

THREE_CHUNKS: dict[str, Any] = {
    "render": {"outputs": [{"name": "small", "height": 90, "video": {"preset": "ultrafast"}}]},
    "chunk_s": 4.4,
}
"""Of the bundled clip, and its sound."""
PICTURE: dict[str, Any] = {"snapshots": {"count": 1, "widths": [160]}}
"""Quickly done, and without most of the functions that are made to fail: to follow a job that
does."""
