"""Uploads by one request and in parts: what is there afterwards is the same."""

from pathlib import Path

import pytest

from functions.shared import transfers
from functions.shared.media_store import MediaStore

BYTES = bytes(range(256)) * 1000


@pytest.mark.parametrize("most_bytes", [len(BYTES), len(BYTES) - 1])
def test_a_file_comes_whole_with_its_type_and_what_is_said_of_it(
    store: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_bytes: int
) -> None:
    monkeypatch.setattr(transfers, "ONE_REQUEST_BYTES", most_bytes)
    file = tmp_path / "part"
    file.write_bytes(BYTES)

    transfers.upload_file(store.s3, store.bucket, "a", file, "video/mp4", {"frames": "9"})

    found = store.s3.head_object(Bucket=store.bucket, Key="a")
    assert (found["ContentType"], found["Metadata"]) == ("video/mp4", {"frames": "9"})
    assert store.read("a") == BYTES


def test_only_a_file_too_large_for_one_request_goes_up_in_parts(
    store: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_parts: list[str] = []
    monkeypatch.setattr(
        transfers, "upload_in_parts", lambda _s3, _bucket, key, *_rest: in_parts.append(key)
    )
    file = tmp_path / "part"
    with file.open("wb") as sparse:
        sparse.truncate(transfers.ONE_REQUEST_BYTES)
    transfers.upload_file(store.s3, store.bucket, "fits", file, "video/mp4", {})
    with file.open("ab") as sparse:
        sparse.write(b".")

    transfers.upload_file(store.s3, store.bucket, "larger", file, "video/mp4", {})

    assert in_parts == ["larger"]
