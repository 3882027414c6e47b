"""A made file fetched whole or not at all: under its name only when every byte is there."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import IO

import requests

from reelwright.errors import TransferError
from reelwright.retries import PASSING_STATUS, Retries, may_pass
from reelwright.transport import TIMEOUT_S, Presigned, reason
from reelwright.uploads import OnBytes

_READ_BYTES = 1024 * 1024
_OK, _PARTIAL, _EXPIRED, _CHANGED = 200, 206, 403, 412


class Download:
    """One file. `address` gives its presigned URL: asked again when the last one has expired."""

    def __init__(
        self,
        session: requests.Session,
        retries: Retries,
        address: Callable[[], str],
        size_bytes: int,
        on_bytes: OnBytes,
    ) -> None:
        self._session = session
        self._retries = retries
        self._address = address
        self._url = address()
        self._size_bytes = size_bytes
        self._on_bytes = on_bytes
        self._have_bytes = 0
        self._etag = ""

    def to(self, target: Path) -> Path:
        """Fetch it. What was at `target` is replaced at the end, in one step."""
        part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with part.open("xb") as file:
                    self._fetch(file)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
        except OSError as fault:
            raise TransferError(
                f"{target} can't be written ({fault.strerror or fault}).",
                "name another place by --output",
            ) from fault
        return target

    def _fetch(self, file: IO[bytes]) -> None:
        """Go on where the connection broke; each break or refusal costs one try."""
        for tried in range(1, self._retries.tries + 1):
            found = self._one_answer(file)
            if not found:
                return
            if tried < self._retries.tries:
                self._retries.wait(tried)
        raise TransferError(f"A file could not be fetched ({found}).", "try again")

    def _one_answer(self, file: IO[bytes]) -> str:
        """As much as one answer brings. What went wrong, or an empty text at the end."""
        headers = {"Accept-Encoding": "identity"}
        if self._have_bytes:
            headers |= {"Range": f"bytes={self._have_bytes}-", "If-Match": self._etag}
        try:
            with self._session.get(
                self._url, headers=headers, auth=Presigned(), timeout=TIMEOUT_S, stream=True
            ) as answer:
                if answer.status_code in {_OK, _PARTIAL}:
                    self._keep(answer, file)
                else:
                    self._refused(answer, file)
                    return f"the store answers {answer.status_code}"
        except requests.RequestException as fault:
            if not may_pass(fault):
                raise TransferError(f"A file could not be fetched ({reason(fault)}).") from fault
            return reason(fault)
        if self._have_bytes != self._size_bytes:
            return f"{self._have_bytes} of {self._size_bytes} bytes came"
        return ""

    def _keep(self, answer: requests.Response, file: IO[bytes]) -> None:
        if answer.status_code == _OK:
            self._begin_anew(file)
            self._etag = answer.headers.get("ETag", "")
        for data in answer.iter_content(_READ_BYTES):
            file.write(data)
            self._have_bytes += len(data)
            self._on_bytes(len(data))

    def _refused(self, answer: requests.Response, file: IO[bytes]) -> None:
        if answer.status_code == _EXPIRED:
            self._url = self._address()
        elif answer.status_code == _CHANGED:
            self._begin_anew(file)
        elif answer.status_code not in PASSING_STATUS:
            raise TransferError(f"A file is not to be had: the store answers {answer.status_code}.")

    def _begin_anew(self, file: IO[bytes]) -> None:
        if self._have_bytes:
            self._on_bytes(-self._have_bytes)
            self._have_bytes = 0
            file.seek(0)
            file.truncate()
