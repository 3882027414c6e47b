"""How the real probe of a served file ends."""

import time

import pytest

from functions.plan_render.source.facts import Limits, Probe
from functions.plan_render.source.probing import probe_source
from functions.shared.errors import ReelwrightError
from functions.shared.ffmpeg import Input
from tests.media.support import BUCKET, LIMITS, SECRET, FolderStore

SOON_S = 20


def probe(store: FolderStore, content: bytes, limits: Limits = LIMITS) -> Probe:
    path = store.path("source")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    source = Input(store.presigned("source"), f"{BUCKET}/source")
    return probe_source(source, len(content), limits, timeout_s=30)


def check_end(
    store: FolderStore,
    content: bytes,
    error: type[ReelwrightError],
    says: str,
    limits: Limits = LIMITS,
) -> None:
    """The probe ends soon, in this error and one sentence that names the source by its key."""
    started = time.monotonic()
    with pytest.raises(error) as caught:
        probe(store, content, limits)
    message = str(caught.value)
    assert says in message
    assert message.startswith("media/source ")
    assert message.endswith(".")
    assert SECRET not in message
    assert time.monotonic() - started < SOON_S
