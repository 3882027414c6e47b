"""A stack where nothing happens by itself, and files of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.changes import uncalled
from tests.integration.conftest import Deployed
from tests.integration.permissions.world import World

WORDS = "1\n00:00:00,000 --> 00:00:01,000\nHere\n"


@pytest.fixture(scope="module")
def world(stack: Deployed, clip: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    words = tmp_path_factory.mktemp("words") / "words.srt"
    words.write_text(WORDS)
    made = World(stack, clip, stack.client.upload(Path(words)))
    with uncalled(stack, "ReconcileJobs", "FinishJob"):
        yield made
    made.clear()
