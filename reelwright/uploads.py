"""A local file put where the stack may read it, by the presigned addresses the API gives out."""

import contextlib
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import IO, Any

import requests

from functions.handle_api.models import Upload, UploadPart
from reelwright.errors import NotFoundError, TransferError
from reelwright.transport import TIMEOUT_S, Presigned, Transport, reason

OnBytes = Callable[[int], None]
"""Told how many more bytes went over; a negative number when a part begins anew."""
PARALLEL = 4
_READ_BYTES = 256 * 1024


class _Abandoned(Exception):  # noqa: N818 - no fault: another part failed, or the caller stopped
    pass


class _Slice:
    """A range of a file as something to send: it has a length, and it counts what was read."""

    def __init__(
        self, file: IO[bytes], size_bytes: int, told: OnBytes, stopped: threading.Event
    ) -> None:
        self._file = file
        self._size_bytes = size_bytes
        self._told = told
        self._stopped = stopped
        self.sent_bytes = 0

    def __len__(self) -> int:
        return self._size_bytes

    def read(self, size: int = -1) -> bytes:
        if self._stopped.is_set():
            raise _Abandoned
        left = self._size_bytes - self.sent_bytes
        data = self._file.read(min(left, _READ_BYTES, size if size >= 0 else left))
        self.sent_bytes += len(data)
        self._told(len(data))
        return data


def send(transport: Transport, file: Path, on_bytes: OnBytes) -> str:
    """The s3:// URL of the uploaded file. TransferError if it could not be sent."""
    told = {"name": file.name, "size_bytes": file.stat().st_size}
    upload = Upload.model_validate(transport.call("POST", "/uploads", body=told), extra="ignore")
    etags = _Sender(transport, file, on_bytes).send(upload.parts)
    if upload.complete_url is not None:
        done = {"source": upload.source, "etags": etags}
        _complete(transport, upload.complete_url, done)
    return upload.source


def _complete(transport: Transport, path: str, done: dict[str, Any]) -> None:
    # An upload can be completed once, and the answer to that may have been lost on its way here. If
    # the upload is in truth not there, the job will say that its source is missing.
    with contextlib.suppress(NotFoundError):
        transport.call("POST", path, body=done)


class _Sender:
    def __init__(self, transport: Transport, file: Path, on_bytes: OnBytes) -> None:
        self._transport = transport
        self._file = file
        self._on_bytes = on_bytes
        self._stopped = threading.Event()

    def send(self, parts: tuple[UploadPart, ...]) -> list[str]:
        """Several parts at a time; the ETag of each, in order."""
        starts = itertools.accumulate((part.size_bytes for part in parts[:-1]), initial=0)
        with ThreadPoolExecutor(PARALLEL) as pool:
            sending = [
                pool.submit(self._put, part, start)
                for part, start in zip(parts, starts, strict=True)
            ]
            try:
                wait(sending, return_when=FIRST_EXCEPTION)
            finally:
                # After a failure, or Ctrl-C in this thread, the others have no purpose.
                if not all(one.done() for one in sending):
                    self._stopped.set()
                    pool.shutdown(cancel_futures=True)
            for one in sending:
                fault = None if one.cancelled() else one.exception()
                if fault is not None and not isinstance(fault, _Abandoned):
                    raise fault
            return [one.result() for one in sending]

    def _put(self, part: UploadPart, start: int) -> str:
        def attempt() -> requests.Response:
            with self._file.open("rb") as file:
                file.seek(start)
                body = _Slice(file, part.size_bytes, self._on_bytes, self._stopped)
                try:
                    answer = self._transport.session.put(
                        part.url, data=body, auth=Presigned(), timeout=TIMEOUT_S
                    )
                except BaseException:
                    self._on_bytes(-body.sent_bytes)
                    raise
                if not answer.ok:
                    self._on_bytes(-body.sent_bytes)
                return answer

        try:
            answer = self._transport.retries.answer(attempt)
        except requests.RequestException as fault:
            raise TransferError(
                f"{self._file} could not be sent ({reason(fault)}).", "try again"
            ) from fault
        if not answer.ok:
            raise TransferError(
                f"{self._file} could not be sent: the store answers {answer.status_code}.",
                "try again",
            )
        return answer.headers["ETag"]
