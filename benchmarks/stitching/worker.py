"""The process that is measured: assembles a job, or only copies its bytes; prints what it took.

python -m benchmarks.stitching.worker assemble|traced|copy MANIFEST

The store and the media bucket come from the environment, as a function's do.
"""

import argparse
import json
import os
import re
import resource
import sys
import threading
import time
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from zlib import crc32

from benchmarks.stitching.material import JOB, OUTPUT
from functions.assemble_render import assemble as assembling
from functions.assemble_render import publish, staging, stored
from functions.assemble_render.upload import PART_BYTES, Upload
from functions.shared.media_store import Keys, MediaStore
from functions.shared.plan import Plan
from functions.shared.runtime import media_store

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef

_COPIERS = 16
_READ_BYTES = 8 << 20
_DISK_POLL_S = 0.02
_FUNCTION_S = 900.0
Spent = dict[str, float]
_CLOCKS = threading.local()


def main() -> int:
    parser = argparse.ArgumentParser(prog="worker", description=__doc__)
    parser.add_argument("how", choices=("assemble", "traced", "copy"))
    parser.add_argument("manifest", type=Path)
    asked = parser.parse_args()
    store = media_store()
    plan = store.read_plan(JOB)
    before_mb, spent = _held_mb("VmRSS"), dict[str, float]()
    with _disk_watched(Path(os.environ["TMPDIR"])) as peak_disk:
        began, cpu = time.monotonic(), _cpu_s()
        if asked.how == "copy":
            told = _copy(store, plan, asked.manifest)
        else:
            with _traced() if asked.how == "traced" else nullcontext(spent) as spent:
                result = assembling.assemble(store, JOB, lambda: None, remaining_s=_FUNCTION_S)
            [output] = result.outputs
            told = {"sha256": output.sha256, "frames": output.frames, "bytes": output.size_bytes}
        wall_s, cpu_s = time.monotonic() - began, _cpu_s() - cpu
    measured = {
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "before_mb": before_mb,
        "peak_mb": _held_mb("VmHWM"),
        "peak_child_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        "peak_disk_bytes": peak_disk[0],
        "spent_s": spent,
        **told,
    }
    print(json.dumps(measured))
    return 0


def _copy(store: MediaStore, plan: Plan, manifest: Path) -> dict[str, Any]:
    """The parts' bytes, in the same order, into one object: read and written at once by as many
    threads as do best, with nothing looked at. What the network and the client allow."""
    keys = Keys(JOB)
    told = json.loads(manifest.read_text("utf-8"))
    output = plan.outputs[0]
    parts = [keys.chunk(OUTPUT, chunk.index, output.part_suffix) for chunk in plan.chunks]
    parts += [keys.audio(track.file_name) for track in (plan.audio.tracks if plan.audio else ())]
    sizes = {file: Path(file).stat().st_size for file in {told[key]["file"] for key in parts}}
    ranges = [
        (key, at, min(_READ_BYTES, sizes[told[key]["file"]] - at))
        for key in parts
        for at in range(0, sizes[told[key]["file"]], _READ_BYTES)
    ]
    groups: list[list[tuple[str, int, int]]] = [[]]
    held = 0
    for one in ranges:
        if held and held + one[2] > PART_BYTES:
            groups.append([])
            held = 0
        groups[-1].append(one)
        held += one[2]
    key = keys.output(OUTPUT)
    upload = store.s3.create_multipart_upload(Bucket=store.bucket, Key=key)["UploadId"]

    def move(number: int) -> tuple["CompletedPartTypeDef", int]:
        body = b"".join(store.read(part, at, length) for part, at, length in groups[number - 1])
        answer = store.s3.upload_part(
            Bucket=store.bucket,
            Key=key,
            UploadId=upload,
            PartNumber=number,
            Body=body,
            ChecksumCRC32=b64encode(crc32(body).to_bytes(4, "big")).decode(),
        )
        return {"PartNumber": number, "ETag": answer["ETag"]}, len(body)

    with ThreadPoolExecutor(_COPIERS) as threads:
        moved = list(threads.map(move, range(1, len(groups) + 1)))
    store.s3.complete_multipart_upload(
        Bucket=store.bucket,
        Key=key,
        UploadId=upload,
        MultipartUpload={"Parts": [part for part, _ in moved]},
    )
    return {"bytes": sum(length for _, length in moved), "sha256": None, "frames": None}


@contextmanager
def _traced() -> Iterator[Spent]:
    """Wall seconds by what is done."""
    spent: Spent = defaultdict(float)
    places: list[tuple[Any, str, str]] = [
        (assembling, "check_outputs", "check_parts"),
        (staging, "plan_stitch", "make_tables"),
        (staging, "verify_file", "verify_tables"),
        (staging, "_send", "move_media"),
        (publish, "_verify_stored", "read_back"),
        (Upload, "complete", "complete"),
    ]
    with ExitStack() as undo:
        for where, name, called in places:
            timed = _timed(getattr(where, name), called, spent)
            undo.enter_context(patch.object(where, name, timed))
        for module, called in ((stored, "digest_parts"), (staging, "digest_output")):
            undo.enter_context(patch.object(module, "sha256", _timed_digest(called, spent)))
        yield spent


def _timed(call: Callable[..., Any], called: str, spent: Spent) -> Callable[..., Any]:
    def timed(*positional: Any, **named: Any) -> Any:
        with _clocked(called, spent):
            return call(*positional, **named)

    return timed


@contextmanager
def _clocked(called: str, spent: Spent) -> Iterator[None]:
    """What is clocked within is not counted twice."""
    outer = getattr(_CLOCKS, "inner_s", 0.0)
    _CLOCKS.inner_s, began = 0.0, time.monotonic()
    try:
        yield
    finally:
        took_s = time.monotonic() - began
        spent[called] += took_s - _CLOCKS.inner_s
        _CLOCKS.inner_s = outer + took_s


def _timed_digest(called: str, spent: Spent) -> Any:
    class Digest:
        def __init__(self, data: bytes = b"") -> None:
            self._whole = sha256()
            self.update(data)
            self.hexdigest = self._whole.hexdigest

        def update(self, data: bytes) -> None:
            with _clocked(called, spent):
                self._whole.update(data)

    return Digest


@contextmanager
def _disk_watched(folder: Path) -> Iterator[list[int]]:
    """The most bytes that lay under `folder` at once, looked at every 20 ms."""
    peak, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(_DISK_POLL_S):
            peak[0] = max(peak[0], _bytes_under(folder))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def _bytes_under(folder: Path) -> int:
    held = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                held += Path(path, name).stat().st_blocks * 512
            except FileNotFoundError:
                continue
    return held


def _held_mb(line: str) -> int:
    held = re.search(rf"{line}:\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
    return int(held[1]) // 1024 if held else 0


def _cpu_s() -> float:
    """Of this process and the children it waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


if __name__ == "__main__":
    sys.exit(main())
