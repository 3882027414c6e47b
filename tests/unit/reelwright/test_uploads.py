"""A file is sent whole, in parts where the API says so, each tried again by itself."""

import threading
from pathlib import Path

import pytest

from reelwright import Client
from reelwright.errors import InvalidRequestError, NotFoundError, TransferError
from tests.unit.reelwright.conftest import TRIES
from tests.unit.reelwright.fake_api import Answer, Asked, FakeApi, ok, problem

SOURCE = "s3://media/uploads/me/0/clip.mp4"
CONTENT = bytes(range(256)) * 4000
PART_BYTES = 300_000


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    file = tmp_path / "clip.mp4"
    file.write_bytes(CONTENT)
    return file


def cut() -> list[bytes]:
    return [CONTENT[at : at + PART_BYTES] for at in range(0, len(CONTENT), PART_BYTES)]


def stored(asked: Asked) -> Answer:
    """The store keeps a part; its ETag is told by its name."""
    return Answer(200, headers={"ETag": f'"{asked.path.rsplit("/", 1)[1]}"'})


def one_put(api: FakeApi) -> None:
    _begin(api, [CONTENT], upload_id=None)


def in_parts(api: FakeApi) -> None:
    _begin(api, cut(), upload_id="u1")
    api.on("POST", "/uploads/u1/complete", ok({"source": SOURCE}))


def _begin(api: FakeApi, parts: list[bytes], upload_id: str | None) -> None:
    told = {
        "source": SOURCE,
        "parts": [
            {"number": number, "url": f"{api.url}/store/{number}", "size_bytes": len(part)}
            for number, part in enumerate(parts, 1)
        ],
        "upload_id": upload_id,
        "complete_url": f"/uploads/{upload_id}/complete" if upload_id else None,
        "expires_at": "2026-11-21T13:00:00Z",
    }
    api.on("POST", "/uploads", ok(told, 201))
    for number in range(1, len(parts) + 1):
        api.on("PUT", f"/store/{number}", stored)


def test_a_file_is_put_where_the_api_says(api: FakeApi, client: Client, clip: Path) -> None:
    one_put(api)
    assert client.upload(clip) == SOURCE
    begun, put = api.asked
    assert begun.json == {"name": "clip.mp4", "size_bytes": len(CONTENT)}
    assert put.body == CONTENT
    assert "Authorization" not in put.headers
    assert put.headers["Content-Length"] == str(len(CONTENT))


def test_parts_are_put_and_named_in_their_order(api: FakeApi, client: Client, clip: Path) -> None:
    in_parts(api)
    assert client.upload(clip) == SOURCE
    for number, part in enumerate(cut(), 1):
        assert [asked.body for asked in api.to("PUT", f"/store/{number}")] == [part]
    (completed,) = api.to("POST", "/uploads/u1/complete")
    assert completed.json == {"source": SOURCE, "etags": [f'"{n}"' for n in range(1, 5)]}


def test_parts_go_side_by_side(api: FakeApi, client: Client, clip: Path) -> None:
    in_parts(api)
    together = threading.Barrier(4)

    def wait(asked: Asked) -> Answer:
        together.wait(timeout=10)
        return stored(asked)

    for number in range(1, 5):
        api.on("PUT", f"/store/{number}", wait)
    assert client.upload(clip) == SOURCE


def test_a_part_that_fails_is_sent_again_and_only_it(
    api: FakeApi, client: Client, clip: Path
) -> None:
    in_parts(api)
    api.on("PUT", "/store/2", Answer(500), Answer(cut=0, body=b"x"), stored)
    sent: list[int] = []
    assert client.upload(clip, sent.append) == SOURCE
    assert [asked.body for asked in api.to("PUT", "/store/2")] == [cut()[1]] * 3
    assert len(api.to("PUT", "/store/1")) == 1
    assert sum(sent) == len(CONTENT)
    assert min(sent) < 0


@pytest.mark.parametrize(("status", "puts"), [(403, 1), (503, TRIES)])
def test_a_store_that_refuses_is_an_error(
    api: FakeApi, client: Client, clip: Path, status: int, puts: int
) -> None:
    one_put(api)
    api.on("PUT", "/store/1", Answer(status))
    with pytest.raises(TransferError, match=f"clip.mp4 could not be sent.*{status}"):
        client.upload(clip)
    assert len(api.to("PUT", "/store/1")) == puts


def test_after_a_failure_no_other_part_is_begun(api: FakeApi, client: Client, clip: Path) -> None:
    parts = [CONTENT[:1000]] * 40
    _begin(api, parts, upload_id="u1")
    clip.write_bytes(b"".join(parts))
    api.on("PUT", "/store/1", Answer(403))
    with pytest.raises(TransferError):
        client.upload(clip)
    assert len([asked for asked in api.asked if asked.method == "PUT"]) < 40
    assert not api.to("POST", "/uploads/u1/complete")


def test_an_upload_completed_by_a_lost_answer_is_complete(
    api: FakeApi, client: Client, clip: Path
) -> None:
    in_parts(api)
    gone = problem(404, "There is no such unfinished upload.")
    api.on("POST", "/uploads/u1/complete", Answer(cut=0, body=b"x"), gone)
    assert client.upload(clip) == SOURCE


def test_parts_that_do_not_fit_together_are_an_error(
    api: FakeApi, client: Client, clip: Path
) -> None:
    in_parts(api)
    api.on("POST", "/uploads/u1/complete", problem(422, "S3 can't use these parts."))
    with pytest.raises(InvalidRequestError, match="can't use these parts"):
        client.upload(clip)


def test_a_file_that_is_not_there_is_named(client: Client, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"There is no file .*/none\.mp4"):
        client.upload(tmp_path / "none.mp4")
