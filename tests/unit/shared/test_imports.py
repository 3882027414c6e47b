"""What no function may load when it starts: a cold start is paid by whoever waits for it.

Named by module, not by time, so that the test says the same on every machine.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infrastructure.synthesis import FOLDERS

ROOT = Path(__file__).resolve().parents[3]
UNUSED = {"boto3", "jinja2", "requests", "av", "numpy"}
SELDOM = {"m3u8", "multiprocessing", "s3transfer"}
"""Loaded by the calls that need them: for playlists, for files too large for one request."""
REQUEST = {"functions.shared.job", "functions.shared.request.edit"}
"""The request's model: a fifth of the start of those who check or read a request."""
PLAN = {"functions.shared.plan.whole"}
JOINING = {"functions.shared.mp4.stitch"}
API = {"aws_lambda_powertools.event_handler"}
EVERYTHING = REQUEST | PLAN | JOINING | API
LOADED = {
    "register_job": REQUEST,
    "claim_job": REQUEST,
    "request_turn": set(),
    "plan_render": REQUEST | PLAN,
    "render_chunk": PLAN | JOINING,
    "render_audio": PLAN,
    "take_snapshots": PLAN,
    "take_live_snapshots": PLAN,
    "assemble_render": PLAN | JOINING,
    "finish_job": REQUEST,
    "cancel_job": set(),
    "reconcile_jobs": REQUEST,
    "announce_job": REQUEST | PLAN,
    "deliver_webhook": REQUEST,
    "resize_snapshot": PLAN,
    "handle_api": REQUEST | PLAN | API,
}
"""Of the heavy ones, what each function has a use for."""
_PRINT = "import json, sys; import functions.{}; print(json.dumps(list(sys.modules)))"


def loaded_by(module: str) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-P", "-c", _PRINT.format(module)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    return set(json.loads(ended.stdout))


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_loads_nothing_heavy_that_it_does_not_use(folder: str) -> None:
    loaded = loaded_by(f"{folder}.handler")
    assert loaded & (UNUSED | SELDOM | EVERYTHING) == LOADED[folder]


@pytest.mark.parametrize("reader", ["probe", "mend"])
def test_what_reads_strangers_bytes_loads_no_more_than_it_needs(reader: str) -> None:
    """A process of its own for each source: its start is a part of every job."""
    loaded = loaded_by(f"plan_render.source.{reader}")
    assert "av" in loaded
    assert not loaded & {"pydantic", "urllib3", "botocore", "functions.shared.plan"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_garbage_is_collected_again_once_a_function_is_loaded(folder: str) -> None:
    looked = f"import gc, functions; print(gc.isenabled()); import functions.{folder}.handler"

    ended = subprocess.run(
        [sys.executable, "-P", "-c", f"{looked}; print(gc.isenabled())"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:0"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ended.stdout.split() == ["False", "True"]
