"""Every request in examples/requests does what it says, on the stack; that of a live stream, which
needs one, is in test_live.py here."""

import json
from pathlib import Path
from typing import Any

import av
import pytest

from local.home import PROJECT
from tests.integration.conftest import Deployed

REQUESTS = sorted(
    file
    for file in (PROJECT / "examples" / "requests").glob("*.json")
    if not file.stem.startswith("live-")
)
ASSETS = PROJECT / "examples" / "requests" / "assets"


def with_addresses(value: Any, addresses: dict[str, str]) -> Any:
    """The request with each `s3://media/<name>` replaced by where that file was uploaded."""
    if isinstance(value, dict):
        return {name: with_addresses(one, addresses) for name, one in value.items()}
    if isinstance(value, list):
        return [with_addresses(one, addresses) for one in value]
    return addresses.get(value, value) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def addresses(stack: Deployed, clip: str) -> dict[str, str]:
    assets = {f"s3://media/{file.name}": stack.client.upload(file) for file in ASSETS.iterdir()}
    return {"s3://media/clip.mp4": clip, **assets}


@pytest.mark.parametrize("file", REQUESTS, ids=lambda file: file.stem)
def test_an_example_is_complete_and_its_files_can_be_played(
    file: Path, stack: Deployed, addresses: dict[str, str], tmp_path: Path
) -> None:
    asked = json.loads(file.read_text())
    request = with_addresses(asked, addresses)
    job = stack.run(request, 120)
    assert job["status"] == "COMPLETE", job.get("error")
    result = stack.client.result(job)
    names = {output.get("name", "video") for output in asked.get("render", {}).get("outputs", ())}
    assert {made["name"] for made in result["outputs"]} == names
    assert result["outputs"] or result["snapshots"] or result.get("streams")
    for made in [*result["outputs"], *result["snapshots"]]:
        stored = stack.client.download(made["key"], tmp_path)
        assert stored.stat().st_size == made["size_bytes"]
        if made.get("kind") == "thumbnails":
            continue  # text
        with av.open(str(stored)) as opened:
            [stream, *_] = [*opened.streams.video, *opened.streams.audio]
            assert next(opened.decode(stream)) is not None
