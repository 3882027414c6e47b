"""What is in the embedded AWS outlives its engine: saved now and then, and when it stops.

docs/decisions/0008-kept-state.md says how and why.
"""

import asyncio
import contextlib
import logging
import time

from local.home import Home
from local.shims import engine_module, symbol
from local.shims.kept_state import file, services
from local.shims.kept_state.blobs import Blob, Blobs
from local.shims.kept_state.file import UnreadableStateError

_PAUSE_S = 5.0
"""From the end of a save to the next."""
_PAUSE_PER_SAVE = 20
"""The pause is at least so many times as long as the last save took."""
_LONGEST_PAUSE_S = 20.0
"""However slow saving is: whoever kills the engine loses no more than this and one save."""
_MOST_TRIES = 5
_S3_PART = "s3"
_log = logging.getLogger(__name__)


class KeptState:
    """One home's state, and the engine of this process."""

    def __init__(self, home: Home, endpoint: str) -> None:
        self._home = home
        self._endpoint = endpoint
        self._blobs = Blobs(home.kept_path / "files")
        self._saved = ""
        services.install(self._blobs)

    def load(self) -> str | None:
        """Fill the engine's empty services. Returns what to tell whoever started it, if anything.

        What can't be used is set aside: a home can always be started.
        """
        try:
            kept = file.read(self._home)
            if kept is None:
                return None
            parts = {
                # An object's bytes must stay those its ETag was made of.
                name: content if name == _S3_PART else self._moved(content, kept.endpoint)
                for name, content in kept.parts.items()
            }
            used = services.restore(parts, self._blobs)
        except UnreadableStateError as error:
            return self._set_aside(str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, it would be there at every start
            _log.exception("what was kept could not be restored")
            return self._set_aside(repr(error))
        self._blobs.sweep(used)
        _log.info("state of %s restored", kept.saved_at)
        return None

    def go_on(self) -> None:
        """Do what reacts to the state by itself. To be called when requests are served."""
        services.read_on()

    async def save_until(self, stopping: asyncio.Event) -> None:
        """Save now and then, without ever letting requests wait for the disk."""
        pause_s = _PAUSE_S
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause_s)
            try:
                pause_s = await self._save_beside_requests(is_last=stopping.is_set())
            except (OSError, RuntimeError) as error:
                _log.warning("state not saved, tried again later: %s", error)
            if stopping.is_set():
                return

    def save_last(self) -> None:
        """Save what there is at this moment. Requests wait: answer none of them after it."""
        try:
            self._write(*self._collect())
        except (OSError, RuntimeError):
            _log.exception("state not saved: what was kept before stays")

    async def _save_beside_requests(self, *, is_last: bool) -> float:
        """Returns the pause until the next save."""
        began = time.monotonic()
        await asyncio.to_thread(services.move_large, self._blobs)
        if not is_last:
            await asyncio.to_thread(self._write, *self._collect())
        pause_s = _PAUSE_PER_SAVE * (time.monotonic() - began)
        return min(max(_PAUSE_S, pause_s), _LONGEST_PAUSE_S)

    def _collect(self) -> tuple[dict[str, bytes], set[Blob]]:
        for _ in range(_MOST_TRIES - 1):
            # A thread may change a service while it copies itself.
            with contextlib.suppress(RuntimeError):
                return services.collect(self._blobs)
        return services.collect(self._blobs)

    def _write(self, parts: dict[str, bytes], used: set[Blob]) -> None:
        digest = file.digest(parts)
        if digest != self._saved:
            file.write(self._home, self._endpoint, parts)
            self._saved = digest
        self._blobs.sweep(used)

    def _moved(self, content: bytes, old: str) -> bytes:
        """With this engine's address where the last one's was; both are of one length."""
        before, now = (url.removeprefix("http://").encode() for url in (old, self._endpoint))
        return content.replace(before, now)

    def _set_aside(self, why: str) -> str:
        symbol(engine_module("app"), "_reset_all_state")()
        told = file.set_aside(self._home, why)
        _log.error("%s", told)
        return told
