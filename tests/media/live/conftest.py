"""A stream that ffmpeg keeps producing, served over https on loopback."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from functions.take_live_snapshots.take import Surroundings, watch_stream
from functions.take_live_snapshots.watch import Answer, Watch
from tests.media.live.site import (
    WINDOW,
    X264,
    Site,
    broadcasting,
    picture,
    serving,
    trusting,
)
from tests.media.live.watching import PIXELS, PLENTY_S, LiveStore, Look
from tests.media.support import JOB
from tests.polling import until


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def on_air(
    ffmpeg: Path, authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A stream in a sliding window of segments, without an end."""
    folder = tmp_path_factory.mktemp("air")
    options = [*picture(), *X264.split(), *f"{WINDOW}+omit_endlist live.m3u8".split()]
    with broadcasting(ffmpeg, options, folder), serving(folder, authority) as site:
        until((folder / "live2.ts").exists, "the stream to be up", 20)
        yield site


@pytest.fixture
def air(on_air: Site) -> Iterator[Site]:
    yield on_air
    on_air.status, on_air.edited = None, None
    on_air.bodies.clear()


@pytest.fixture
def store(tmp_path: Path) -> LiveStore:
    return LiveStore(tmp_path, "")


@pytest.fixture
def around(store: LiveStore, authority: trustme.CA) -> Surroundings:
    return Surroundings(store, trusting(authority), PIXELS)


@pytest.fixture
def look(around: Surroundings) -> Look:
    """One call, at the time the call before it said."""

    def call(after: Answer | Watch | None = None, remaining_s: float = PLENTY_S) -> Answer:
        watch = after.watch if isinstance(after, Answer) else after
        if isinstance(after, Answer) and after.again_at:
            moment = datetime.fromisoformat(after.again_at)
            until(lambda: datetime.now(UTC) >= moment, "the next moment", 20)
        return watch_stream(JOB, watch, around, remaining_s)

    return call
