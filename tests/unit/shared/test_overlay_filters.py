"""Where overlays come to lie, and that nothing a user wrote is in a filter."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from functions.shared import overlay_filters
from functions.shared.cut import Cut
from functions.shared.overlay_filters import Layers, escaped
from functions.shared.plan import Asset, Clock, Plan, Source, Video
from functions.shared.plan.overlay import ImageOverlay, Overlays, TextOverlay
from functions.shared.request.overlay import Overlay, Text

ASSET = Asset(kind="image", field="f", bucket="b", key="logo", etag="e", size_bytes=1)
CUT = Cut(300, 600, None)


def layers(folder: Path, *, images: Any = (), texts: Any = (), rate: int = 30) -> Layers:
    plan = Plan(
        job_id="job",
        source=Source(bucket="b", key="k", etag="e", size_bytes=1, container="mpegts"),
        clock=Clock(zero_s=Fraction(0), container_start_s=Fraction(0)),
        video=Video(stream_index=0, rate=Fraction(rate), total_frames=900),
        overlays=Overlays(images=images, texts=texts),
        audio=None,
        outputs=(),
        snapshots=None,
        chunk_frames=300,
        threads=1,
        max_parallel=1,
    )
    return Layers(plan, folder, {"logo": folder / "asset-0"})


def image(**asked: Any) -> ImageOverlay:
    overlay = Overlay(image="s3://media/logo", **asked)
    return ImageOverlay(asked=overlay, asset=ASSET, demuxer="png_pipe", width=400, height=100)


@pytest.mark.parametrize(
    ("asked", "at"),
    [
        ({"position": "top-left"}, "x=43:y=43"),
        ({"position": "top"}, "x=864:y=43"),
        ({"position": "center"}, "x=864:y=516"),
        ({"position": "bottom-right"}, "x=1685:y=989"),
        ({"position": "bottom-right", "margin_percent": 0}, "x=1728:y=1032"),
        ({"position": "top-left", "x_percent": 50, "y_percent": 25}, "x=960:y=270"),
        ({"position": "center", "x_percent": 0, "y_percent": 100}, "x=-96:y=1056"),
        ({"position": "right", "y_percent": 10}, "x=1685:y=84"),
    ],
)
def test_places_are_of_the_frame(tmp_path: Path, asked: dict[str, Any], at: str) -> None:
    laid = layers(tmp_path, images=(image(width_percent=10, **asked),))
    graph = laid.over("[s0]null", CUT, (1920, 1080), "yuv420p", "o0")
    assert f"overlay={at}:" in graph
    assert "scale=192:48" in graph


@pytest.mark.parametrize(
    ("from_s", "to_s", "rate", "first", "end"),
    [(1.3, 2.6, 30, 39, 78), (1.301, 2.599, 30, 40, 78), (0.5, 1, 24, 12, 24)],
)
def test_times_are_half_a_frame_off_the_grid(
    tmp_path: Path, from_s: float, to_s: float, rate: int, first: int, end: int
) -> None:
    laid = layers(tmp_path, images=(image(from_s=from_s, to_s=to_s),), rate=rate)
    graph = laid.over("[s0]null", CUT, (1920, 1080), "yuv420p", "o0")
    found = re.search(r"enable='gt\(t,([\d.]+)\)\*lt\(t,([\d.]+)\)'", graph)
    assert found is not None
    shown = [n for n in range(200) if float(found[1]) < n / rate < float(found[2])]
    assert (shown[0], shown[-1] + 1) == (first, end)


@pytest.mark.parametrize(
    ("pixel_format", "form"),
    [
        ("yuv420p", "yuv420"),
        ("yuva420p", "yuv420"),
        ("yuv420p10le", "yuv420p10"),
        ("yuva444p10le", "yuv444p10"),
        ("rgb24", "rgb"),
    ],
)
def test_pictures_are_laid_in_the_encoders_samples(
    tmp_path: Path, pixel_format: str, form: str
) -> None:
    laid = layers(tmp_path, images=(image(),))
    assert f":format={form}:" in laid.over("[s0]null", CUT, (64, 64), pixel_format, "o0")


def test_what_a_user_wrote_is_in_a_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlay_filters, "fonts_folder", lambda: Path("/fonts"))
    monkeypatch.setattr(overlay_filters, "Letters", lambda _: Narrow())
    evil = "x':enable=1,movie=/etc/passwd[a];%{pts}\\"
    text = TextOverlay(asked=Text(text="{a}"), text=evil)
    laid = layers(tmp_path, texts=(text, text))
    graph = laid.over("[s0]null", CUT, (64, 64), "yuv420p", "o0")
    assert "movie" not in graph
    assert graph.count("expansion=none") == 2
    assert (tmp_path / "text-1-64x64").read_text() == evil


class Narrow:
    """Letters of no width."""

    def width(self, _text: str) -> float:
        return 0

    def line_pixels(self, size: int) -> int:
        return size


def test_without_overlays_a_graph_stays_as_it_is(tmp_path: Path) -> None:
    assert layers(tmp_path).over("[s0]null", CUT, (64, 64), "yuv420p", "o0") == "[s0]null"


def test_a_path_is_escaped_for_option_and_graph() -> None:
    assert escaped(Path("/a/b.ttf")) == "/a/b.ttf"
    assert escaped(Path("/a:b,[c];'d\\")) == r"/a\\:b\,\[c\]\;\\\'d\\\\"
