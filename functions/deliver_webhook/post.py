"""One POST to a stranger's server: no redirect, no proxy, no body read, ten seconds in all.

Spoken by hand over asyncio, because its timeout is one for everything: a server that sends a byte
every few seconds holds any client whose timeouts are between bytes.
"""

import asyncio
import contextlib
import http.client
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass

from functions.shared.errors import ReelwrightError
from functions.shared.web import Place, Web

TIMEOUT_S = 10.0
_MOST_HEAD_BYTES = 65_536
_FINAL = 200
"""Answers below it only say that another will follow."""


class Unanswered(ReelwrightError):  # noqa: N818 - as the other errors are named
    """No answer in HTTP came in time."""


@dataclass(frozen=True)
class Answer:
    """What the server said, without its body."""

    status: int
    retry_after: str | None


def post(web: Web, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """What `Web.locate` raises, or Unanswered."""
    deadline = time.monotonic() + TIMEOUT_S
    place = web.locate(url)
    try:
        return asyncio.run(_exchange(web, place, headers, body, deadline - time.monotonic()))
    except TimeoutError as error:
        raise Unanswered(f"{place.host} did not answer within {TIMEOUT_S:.0f} s.") from error
    except (OSError, EOFError) as error:
        raise Unanswered(f"Talking to {place.host} failed: {error}.") from error
    except (ValueError, http.client.HTTPException) as error:
        raise Unanswered(f"{place.host} did not answer in HTTP.") from error


async def _exchange(
    web: Web, place: Place, headers: Mapping[str, str], body: bytes, timeout_s: float
) -> Answer:
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection(
            place.address,
            place.port,
            ssl=web.tls,
            server_hostname=place.host,
            limit=_MOST_HEAD_BYTES,
        )
        try:
            writer.write(_head(place, headers, body) + body)
            return await _read(reader)
        finally:
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _head(place: Place, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = {
        "host": place.authority,
        "user-agent": "reelwright",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",
        **headers,
    }
    told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {place.target} HTTP/1.1\r\n{told}\r\n".encode("ascii")


async def _read(reader: asyncio.StreamReader) -> Answer:
    """The first answer that is final."""
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            raise ValueError("the head of the answer is too long") from error
        line, _, rest = head.partition(b"\r\n")
        version, code, *_ = line.split(b" ", 2)
        status = int(code)
        if not version.startswith(b"HTTP/1.") or len(code) != 3:  # noqa: PLR2004 - digits
            raise ValueError("no status line")
        if status >= _FINAL:
            fields = http.client.parse_headers(io.BytesIO(rest))
            return Answer(status, fields.get("retry-after"))
