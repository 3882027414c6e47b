"""Pictures of a stream at their moments, whatever the stream does meanwhile."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
import trustme

from functions.shared.errors import (
    StreamEnded,
    StreamNotUp,
    StreamStalled,
)
from functions.shared.images import image_size
from functions.shared.media_store import Keys
from functions.take_live_snapshots import stream, take
from tests.media.live.site import (
    LUMA_FRAMES,
    RATE,
    WINDOW,
    X264,
    Site,
    broadcasting,
    picture,
    serving,
)
from tests.media.live.watching import LiveStore, Look, plan, watched
from tests.media.support import JOB
from tests.polling import until


def test_pictures_over_a_period_show_the_stream_at_their_moments(
    air: Site, store: LiveStore, look: Look
) -> None:
    made = plan(store, air.url(), count=3, period_s=3, widths=[64, 32, 640], format="png")

    answer = watched(look)

    assert answer.watch.taken == (0, 1, 2)
    assert store.record.notes == ()
    shown = [store.brightness(f"{index:05}-64.png") for index in range(3)]
    for earlier, later in pairwise(shown):
        assert (later - earlier) % LUMA_FRAMES == pytest.approx(RATE, abs=RATE / 3)
    for width, size in ((32, (32, 18)), (64, (64, 36)), (640, (64, 36))):
        name = f"00001-{width}.png"
        assert image_size(store.path(Keys(JOB).snapshot_part(name))) == ("png", *size)
        facts = store.facts(name)
        assert (facts["plan"], facts["width"]) == (made.hash, str(size[0]))
        assert facts["started"] == store.record.started_at


def test_moments_nearer_than_a_segment_are_different_frames_of_it(
    air: Site, store: LiveStore, look: Look
) -> None:
    plan(store, air.url(), at_s=[0, 0.1, 0.2, 0.3], widths=[32], format="png")

    watched(look)

    shown = [store.brightness(f"{index:05}-32.png") for index in range(4)]
    steps = [(b - a) % LUMA_FRAMES for a, b in pairwise(shown)]
    assert all(1 <= step <= 4 for step in steps), shown


def test_a_gap_is_passed_over(air: Site, store: LiveStore, look: Look) -> None:
    """The server says that it doesn't have its two newest segments."""

    def missing(text: str) -> str:
        head, *segments = text.split("#EXTINF")
        for number in (-2, -1):
            name = segments[number].split("\n")[1]
            segments[number] = segments[number].replace(name, f"#EXT-X-GAP\nno-{name}")
        return "#EXTINF".join([head, *segments])

    air.edited = missing
    plan(store, air.url(), at_s=[0], format="png")

    assert watched(look).watch.taken == (0,)

    assert not [path for path in air.asked if path.startswith("/no-")]


def test_segments_that_left_the_server_are_passed_over(
    air: Site, store: LiveStore, look: Look
) -> None:
    def two_renamed(text: str) -> str:
        head, *segments = text.split("#EXTINF")
        segments[-2:] = [each.replace("live", "left") for each in segments[-2:]]
        return "#EXTINF".join([head, *segments])

    air.edited = two_renamed
    plan(store, air.url(), at_s=[0], format="png")

    assert watched(look).watch.taken == (0,)

    assert [path for path in air.asked if path.startswith("/left")]


def test_a_stream_that_changes_its_size_at_a_discontinuity(
    ffmpeg: Path, authority: trustme.CA, tmp_path: Path, store: LiveStore, look: Look
) -> None:
    folder = tmp_path / "air"
    folder.mkdir()
    window = WINDOW.replace("delete_segments", "append_list+discont_start+omit_endlist")
    segments = [*X264.split(), *window.split(), "live.m3u8"]
    with broadcasting(ffmpeg, [*picture(length_s=1), *segments], folder) as first:
        first.wait(20)
    with (
        broadcasting(ffmpeg, [*picture("80x60"), *segments], folder),
        serving(folder, authority) as site,
    ):
        playlist = folder / "live.m3u8"
        # Segments of the first are followed by a discontinuity; it began with one, too.
        until(lambda: "live1.ts\n#EXT-X-DISCONTINUITY\n" in playlist.read_text(), "the change", 20)
        plan(store, site.url(), at_s=[0], widths=[64])
        watched(look)
    assert (store.facts("00000-64.jpg")["width"], store.facts("00000-64.jpg")["height"]) == (
        "64",
        "48",
    )


def test_a_stalled_stream_is_named(air: Site, store: LiveStore, look: Look) -> None:
    air.freeze()
    plan(store, air.url(), at_s=[0])

    with pytest.raises(StreamStalled, match="no new segment came in 3 s"):
        look()


def test_a_stream_that_stalls_between_moments_keeps_what_was_taken(
    air: Site, store: LiveStore, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_STALLED_TARGETS", 1)
    monkeypatch.setattr(take, "SILENCE_S", 1.0)
    plan(store, air.url(), at_s=[0, 1.5, 600])
    answer = look()
    air.freeze()

    answer = look(answer)

    assert not answer.over  # it may go on
    assert answer.watch.missed == (1,)
    air.freeze()
    answer = look(answer.watch)
    assert answer.over
    assert store.record.taken == (0,)
    [note] = store.record.notes
    assert note.startswith("2 of 3 pictures are missing: The stream https://live.test")
    assert note.endswith("(StreamStalled)")


def test_a_stream_that_is_not_up_is_waited_for(air: Site, store: LiveStore, look: Look) -> None:
    air.status = 404
    plan(store, air.url(), at_s=[0], wait_s=60)
    answer = look()
    assert (answer.over, answer.watch.started_s) == (False, None)
    assert answer.again_at is not None
    in_s = (datetime.fromisoformat(answer.again_at) - datetime.now(UTC)).total_seconds()
    assert 8 < in_s <= 11
    air.status = None

    answer = look(answer.watch)

    assert answer.over
    assert store.record.taken == (0,)


def test_it_is_not_waited_for_longer_than_asked(air: Site, store: LiveStore, look: Look) -> None:
    air.status = 503
    plan(store, air.url(), at_s=[0], wait_s=0)

    with pytest.raises(StreamNotUp, match="waited for 0 s: The source's server answered 503"):
        look()


def test_a_stream_that_ends_early_gives_what_was_taken(
    ffmpeg: Path, authority: trustme.CA, tmp_path: Path, store: LiveStore, look: Look
) -> None:
    folder = tmp_path / "air"
    folder.mkdir()
    options = [*picture(length_s=3), *X264.split(), *WINDOW.split(), "live.m3u8"]
    with broadcasting(ffmpeg, options, folder), serving(folder, authority) as site:
        until((folder / "live.m3u8").exists, "the stream to be up", 20)
        plan(store, site.url(), at_s=[0, 1, 3600])
        answer = look(look(look()).watch)
        while not answer.over:
            answer = look(answer.watch)
        taken = store.record.taken
        assert taken in {(0,), (0, 1)}
        [note] = store.record.notes
        assert note.startswith(f"{3 - len(taken)} of 3 pictures are missing")
        assert note.endswith("(StreamEnded)")
        with pytest.raises(StreamEnded, match="EXT-X-ENDLIST"):
            look()


def test_the_last_frames_of_a_stream_that_ends_meanwhile(
    air: Site, store: LiveStore, look: Look
) -> None:
    """Its end comes between two readings of one call."""
    texts: list[str] = []

    def ending(text: str) -> str:
        texts.append(text)
        return texts[0] + ("#EXT-X-ENDLIST\n" if len(texts) > 2 else "")

    air.edited = ending
    plan(store, air.url(), at_s=[0, 60])

    answer = look()

    assert answer.over
    assert store.record.taken == (0,)
