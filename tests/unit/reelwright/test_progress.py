"""Progress on terminals of several widths, and where there is none."""

import io
import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console

from functions.shared.job import JobRequest
from functions.shared.job_view import JobView
from reelwright.cli.progress import Progress
from reelwright.cli.results import Place, fetch
from reelwright.errors import TransferError
from tests.unit.reelwright.fake_api import FakeApi, job, output


def at(fraction: float, stage: str = "rendering") -> JobView:
    counted = {**job()["progress"], "fraction": fraction}
    return JobView.model_validate(job(progress=counted, stage=stage))


ALL = [at(0.0, "planning"), at(0.1), at(0.2), at(0.6), at(0.99, "assembling")]
ENDED = JobView.model_validate(job("COMPLETE"))


def shown(*, width: int, terminal: bool, quiet: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=terminal, soft_wrap=True)
    progress = Progress(console, quiet=quiet)
    with progress.transfer("uploading", 1000) as told:
        told(1000)
    with progress.job() as show:
        for now in (*ALL, ENDED):
            show(now)
    return file.getvalue()


def test_without_a_terminal_there_is_a_line_a_step_and_no_control_code() -> None:
    text = shown(width=80, terminal=False)
    assert "\x1b" not in text
    assert [line.split(",")[0] for line in text.splitlines()] == [
        "uploading 1",
        "planning 0%",
        "rendering 10%",
        "rendering 60%",
        "assembling 99%",
    ]
    assert "2/4 parts, 0:05 left" in text


def test_a_quiet_one_is_silent_without_a_terminal() -> None:
    assert shown(width=80, terminal=False, quiet=True) == ""
    assert shown(width=80, terminal=True, quiet=True) != ""


@pytest.mark.parametrize(
    ("width", "has_bar", "has_facts"), [(120, True, True), (60, True, False), (30, False, False)]
)
def test_a_narrow_terminal_shows_less_on_one_line(width: int, has_bar: Any, has_facts: Any) -> None:
    text = shown(width=width, terminal=True)
    assert "rendering" in text
    assert "100 %" in text
    assert ("━" in text) is has_bar
    assert ("4/4 parts" in text) is has_facts
    plain = Console(file=io.StringIO(), force_terminal=False)
    lines = text.replace("\r", "\n").splitlines()
    assert all(plain.render_str(_bare(line)).cell_len <= width for line in lines)


def _bare(line: str) -> str:
    """Without escape sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).replace("[", r"\[")


def test_speed_is_seconds_of_video_a_second() -> None:
    assert "3.0×" in shown(width=120, terminal=True)


def complete(api: FakeApi, outputs: int, pictures: int) -> JobView:
    picture = {"time_s": 1.0, "width": 640, "height": 360, "size_bytes": 1, "url": "u"}
    folder = "jobs/a1b2c3d4e5/out"
    return JobView.model_validate(
        job(
            "COMPLETE",
            outputs=[output(api, b"x", name) for name in ("360p", "720p")[:outputs]],
            snapshots=[
                {**picture, "key": f"{folder}/snapshots/0000{number}-640.jpg"}
                for number in range(pictures)
            ],
        )
    )


def places(job: JobView, out: str | None) -> list[str]:
    place = Place(Path(out) if out else None, "talk")
    return [str(file.path) for file in place.files(job)]


def test_files_keep_their_names_in_a_folder(api: FakeApi, tmp_path: Path) -> None:
    both = complete(api, 2, 1)
    below = ["360p.mp4", "720p.mp4", "snapshots/00000-640.jpg"]
    assert places(both, None) == [f"talk-a1b2c3d4/{name}" for name in below]
    assert places(both, "out") == [f"out/{name}" for name in below]
    folder = tmp_path / "strange.mp4"
    folder.mkdir()
    assert places(both, str(folder)) == [f"{folder}/{name}" for name in below]


def test_one_file_may_be_named_and_pictures_lie_beside_it(api: FakeApi) -> None:
    assert places(complete(api, 1, 0), "a/b.mp4") == ["a/b.mp4"]
    assert places(complete(api, 1, 2), "a/b.mp4") == [
        "a/b.mp4",
        "a/b-snapshots/00000-640.jpg",
        "a/b-snapshots/00001-640.jpg",
    ]
    assert places(complete(api, 0, 1), "b.jpg") == ["b.jpg"]


@pytest.mark.parametrize(("outputs", "pictures"), [(2, 0), (0, 2)])
def test_one_name_is_not_for_several_files(api: FakeApi, outputs: int, pictures: int) -> None:
    with pytest.raises(typer.BadParameter, match="name a folder"):
        places(complete(api, outputs, pictures), "b.mp4")


@pytest.mark.parametrize(
    ("wanted", "is_one"),
    [
        ({"render": {"outputs": [{}]}}, True),
        ({"render": {"outputs": [{}]}, "snapshots": {"count": 9}}, True),
        ({"render": {"outputs": [{"name": "a"}, {"name": "b"}]}}, False),
        ({"snapshots": {"count": 1}}, True),
        ({"snapshots": {"at_s": [2.0]}}, True),
        ({"snapshots": {"count": 1, "widths": [160, 320]}}, False),
        ({"snapshots": {"every_s": 1.0}}, False),
    ],
)
def test_it_is_known_before_whether_one_name_will_do(wanted: dict[str, Any], is_one: Any) -> None:
    request = JobRequest.model_validate_json(json.dumps({"source": "s3://bucket/k", **wanted}))
    place = Place(Path("one.mp4"), "talk")
    if is_one:
        place.check(request)
        return
    with pytest.raises(typer.BadParameter, match="name a folder"):
        place.check(request)


class Fetching:
    """A client whose first file can't be had, and whose second never ends by itself."""

    def __init__(self) -> None:
        self.waiting = threading.Event()
        self.abandoned = threading.Event()

    def download(self, _job: JobView, made: Any, to: Path, on_bytes: Callable[[int], None]) -> Path:
        if made.name == "360p":
            self.waiting.wait(timeout=10)
            raise TransferError("It is gone.")
        deadline = time.monotonic() + 10
        try:
            while time.monotonic() < deadline:
                on_bytes(1)
                self.waiting.set()
        except Exception:
            self.abandoned.set()
            raise
        return to


def test_a_file_that_fails_ends_the_other_downloads(api: FakeApi) -> None:
    fetching: Any = Fetching()
    progress = Progress(Console(file=io.StringIO()), quiet=True)
    with pytest.raises(TransferError, match="It is gone"):
        fetch(fetching, complete(api, 2, 0), Place(None, "talk"), progress)
    assert fetching.abandoned.is_set()
