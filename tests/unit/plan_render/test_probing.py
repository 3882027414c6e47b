"""What the end of a probe's process is called."""

import signal
from typing import Literal

import pytest

from functions.plan_render.source.probing import _answer
from functions.shared.errors import (
    ReelwrightError,
    RenderTimedOut,
    SourceNotMedia,
    TransientError,
)
from functions.shared.ffmpeg import Input
from functions.shared.process import Ended

SOURCE = Input("https://bucket/key?secret", "bucket/key")


@pytest.mark.parametrize(
    ("returncode", "stopped", "error", "says"),
    [
        (-signal.SIGKILL, "timeout", RenderTimedOut, "the headers of bucket/key took over 30 s"),
        (-signal.SIGKILL, "stall", TransientError, "bucket/key waited 60 s"),
        (-signal.SIGKILL, None, TransientError, "was killed"),
        (-signal.SIGSEGV, None, SourceNotMedia, "crashes the media reader"),
    ],
)
def test_ends_have_names(
    returncode: int,
    stopped: Literal["timeout", "stall"] | None,
    error: type[ReelwrightError],
    says: str,
) -> None:
    with pytest.raises(error, match=says):
        _answer(Ended(returncode, b"", "", stopped), SOURCE, 30)
