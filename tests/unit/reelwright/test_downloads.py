"""A file is there whole, or not at all."""

import os
from pathlib import Path
from typing import Any

import pytest

from functions.shared.job_view import JobView
from reelwright import Client
from reelwright.errors import NotFoundError, TransferError
from tests.unit.reelwright.conftest import TRIES
from tests.unit.reelwright.fake_api import Answer, Asked, FakeApi, job, ok, output

CONTENT = bytes(range(256)) * 20_000
ETAG = '"v1"'
STORE = "/store/video"


class Store:
    """An object that answers ranges; `cuts` are where answers break off."""

    def __init__(self, content: bytes, etag: str, *cuts: int) -> None:
        self._content = content
        self._etag = etag
        self._cuts = list(cuts)

    def __call__(self, asked: Asked) -> Answer:
        if asked.headers.get("If-Match", self._etag) != self._etag:
            return Answer(412)
        at = int(asked.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        return Answer(
            206 if "Range" in asked.headers else 200,
            self._content[at:],
            {"ETag": self._etag},
            self._cuts.pop(0) if self._cuts else None,
        )


@pytest.fixture
def made(api: FakeApi) -> JobView:
    """A job of one file, which the API shows too."""
    shown = job("COMPLETE", outputs=[output(api, CONTENT)])
    api.on("GET", f"/jobs/{shown['job_id']}", ok(shown))
    return JobView.model_validate(shown)


def fetch(client: Client, made: JobView, to: Path, **more: Any) -> bytes:
    return client.download(made, made.outputs[0], to, **more).read_bytes()


def test_a_file_is_fetched_by_its_own_address(
    api: FakeApi, client: Client, made: JobView, tmp_path: Path
) -> None:
    api.on("GET", STORE, Store(CONTENT, ETAG))
    came: list[int] = []
    target = tmp_path / "new" / "video.mp4"
    assert fetch(client, made, target, on_bytes=came.append) == CONTENT
    assert sum(came) == len(CONTENT)
    (asked,) = api.asked
    assert "Authorization" not in asked.headers
    assert target.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def test_a_broken_connection_goes_on_where_it_broke(
    api: FakeApi, client: Client, made: JobView, tmp_path: Path
) -> None:
    api.on("GET", STORE, Store(CONTENT, ETAG, 2_000_000, 1_500_000))
    came: list[int] = []
    assert fetch(client, made, tmp_path / "video.mp4", on_bytes=came.append) == CONTENT
    ranges = [asked.headers.get("Range") for asked in api.asked]
    assert ranges[0] is None
    assert len(ranges) == 3
    assert all(asked.headers["If-Match"] == ETAG for asked in api.asked[1:])
    assert min(came) > 0


def test_a_file_that_changed_meanwhile_is_begun_anew(
    api: FakeApi, client: Client, made: JobView, tmp_path: Path
) -> None:
    longer = Store(b"x" * 2 * len(CONTENT), '"v0"', len(CONTENT) + 2_000_000)
    api.on("GET", STORE, longer, Store(CONTENT, ETAG))
    came: list[int] = []
    assert fetch(client, made, tmp_path / "video.mp4", on_bytes=came.append) == CONTENT
    assert sum(came) == len(CONTENT)


def test_an_expired_address_is_asked_for_again(
    api: FakeApi, client: Client, made: JobView, tmp_path: Path
) -> None:
    api.on("GET", STORE, Answer(403), Store(CONTENT, ETAG))
    assert fetch(client, made, tmp_path / "video.mp4") == CONTENT
    assert len(api.to("GET", f"/jobs/{made.job_id}")) == 1


def test_a_file_the_job_has_no_more_is_named(
    api: FakeApi, client: Client, made: JobView, tmp_path: Path
) -> None:
    api.on("GET", STORE, Answer(403))
    api.on("GET", f"/jobs/{made.job_id}", ok(job("COMPLETE")))
    with pytest.raises(NotFoundError, match=f"no file {made.outputs[0].key} any more"):
        fetch(client, made, tmp_path / "video.mp4")


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([Answer(404)], 1),
        ([Answer(503)], TRIES),
        ([Store(CONTENT, ETAG, *[100] * 9)], TRIES),
        ([Store(CONTENT[:-1], ETAG)], TRIES),
    ],
    ids=["not there", "failing", "always cut", "too short"],
)
def test_what_can_not_be_fetched_whole_leaves_nothing_and_the_old_file_as_it_was(
    api: FakeApi,
    client: Client,
    made: JobView,
    tmp_path: Path,
    answers: list[Any],
    asked: int,
) -> None:
    api.on("GET", STORE, *answers)
    target = tmp_path / "out" / "video.mp4"
    target.parent.mkdir()
    target.write_bytes(b"old")
    with pytest.raises(TransferError):
        fetch(client, made, target)
    assert [file.name for file in target.parent.iterdir()] == ["video.mp4"]
    assert target.read_bytes() == b"old"
    assert len(api.to("GET", STORE)) == asked


def test_no_part_ever_bears_the_name_of_the_file(
    api: FakeApi, client: Client, made: JobView, tmp_path: Path
) -> None:
    target = tmp_path / "video.mp4"
    api.on("GET", STORE, Store(CONTENT, ETAG))
    seen: list[bool] = []
    fetch(client, made, target, on_bytes=lambda _: seen.append(target.exists()))
    assert len(seen) > 1
    assert not any(seen)


def test_a_place_that_can_not_be_written_is_named(
    api: FakeApi, client: Client, made: JobView, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    api.on("GET", STORE, Store(CONTENT, ETAG))
    with pytest.raises(TransferError, match=r"file/video\.mp4 can't be written"):
        fetch(client, made, tmp_path / "file" / "video.mp4")
