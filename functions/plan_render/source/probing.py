"""Probes a source in a child process and gives its facts, or the error that names its fault."""

import importlib.util
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from functions.plan_render.source.facts import Limits, Probe
from functions.shared import errors
from functions.shared.errors import (
    FfmpegFailed,
    ReelwrightError,
    RenderTimedOut,
    SourceEmpty,
    SourceNotMedia,
    SourceTooLarge,
    TransientError,
)
from functions.shared.ffmpeg import STALL_S, Input
from functions.shared.process import CRASHES, Ended, run_module

_ANSWER_BYTES = 64 * 1024


def probe_source(source: Input, size_bytes: int, limits: Limits, *, timeout_s: float) -> Probe:
    """The source's facts.

    Raises SourceEmpty, SourceNotMedia, SourceEncrypted, SourceHasNoVideo, SourceTruncated,
    SourceTooLarge, SourceUnreachable, FfmpegFailed, RenderTimedOut, TransientError.
    """
    if size_bytes == 0:
        raise SourceEmpty(f"{source.name} is empty (0 bytes).")
    if size_bytes > limits.size_bytes:
        raise SourceTooLarge(
            f"{source.name} has {size_bytes:,} bytes; {limits.size_bytes:,} are allowed."
        )
    with tempfile.TemporaryDirectory(prefix="probe-home-") as folder:
        facts = [source.url, str(size_bytes), json.dumps(asdict(limits)), str(limits.memory_bytes)]
        ended = run_module(
            "functions.plan_render.source.probe",
            [*facts, certificates()],
            folder=Path(folder),
            timeout_s=timeout_s,
            stall_s=STALL_S,
            stdout_bytes=_ANSWER_BYTES,
        )
    return _answer(ended, source, timeout_s)


def certificates() -> str:
    """The authorities botocore trusts: it is everywhere where a presigned URL was made."""
    found = importlib.util.find_spec("botocore")
    bundle = Path(found.origin).with_name("cacert.pem") if found and found.origin else None
    return str(bundle) if bundle and bundle.exists() else ""


def _answer(ended: Ended, source: Input, timeout_s: float) -> Probe:
    if ended.stopped == "timeout":
        raise RenderTimedOut(f"Reading the headers of {source.name} took over {timeout_s:.0f} s.")
    check_ended(ended, source, "Reading")
    answer = json.loads(ended.stdout)
    if "probe" in answer:
        return TypeAdapter(Probe).validate_python({**answer["probe"], "name": source.name})
    kind: type[ReelwrightError] = getattr(errors, answer["error"])
    raise kind(f"{source.name} {answer['message']}.")


def check_ended(ended: Ended, source: Input, doing: str) -> None:
    """Raises TransientError, SourceNotMedia or FfmpegFailed where a reader gave no answer, each a
    sentence that begins with `doing`."""
    if ended.stopped == "stall":
        raise TransientError(f"{doing} {source.name} waited {STALL_S:.0f} s and nothing came.")
    if ended.returncode in CRASHES:
        raise SourceNotMedia(
            f"{source.name} crashes the media reader (signal {-ended.returncode}): it is damaged."
        )
    if ended.returncode < 0:
        raise TransientError(f"{doing} {source.name} was killed (signal {-ended.returncode}).")
    if ended.returncode > 0:
        raise FfmpegFailed(f"{doing} {source.name} failed: {_last_line(ended, source)}")


def _last_line(ended: Ended, source: Input) -> str:
    lines = ended.stderr.replace(source.url, source.name).strip().splitlines()
    return lines[-1][:200] if lines else "nothing was printed"
