"""Reading a stranger's https URL without being led anywhere private.

A name is resolved once, every address it has is checked, and the connection is made to a checked
address (so the name can't point elsewhere a moment later); TLS is still verified against the name.
Redirects are followed by hand, each by the same rules.
"""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from functions.shared.addresses import is_public
from functions.shared.errors import SourceNotAllowed, SourceUnreachable, TransientError

_MOST_REDIRECTS = 5
_TIMEOUT = urllib3.Timeout(connect=10, read=30)
_REDIRECTS = {301, 302, 303, 307, 308}
_TRY_AGAIN = {408, 425, 429}
_SERVER_ERROR = 500
_OK = 200


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@dataclass(frozen=True)
class Web:
    """The network as it is seen from here; tests put their own in its place."""

    resolve: Callable[[str, int], list[str]] = _resolve
    is_public: Callable[[str], bool] = is_public
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def open(self, url: str) -> urllib3.BaseHTTPResponse:
        """The body of `url`, unread. SourceNotAllowed, SourceUnreachable or TransientError."""
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._get(url)
            if answer.status not in _REDIRECTS:
                return _accept(answer, url)
            answer.close()
            url = _follow(url, answer.headers.get("location", ""))
        raise SourceUnreachable(
            f"The source redirects more than {_MOST_REDIRECTS} times, lastly to {bare(url)}."
        )

    def _get(self, url: str) -> urllib3.BaseHTTPResponse:
        address, host, port, target = self._locate(url)
        pool = urllib3.HTTPSConnectionPool(
            address, port, ssl_context=self.tls, server_hostname=host, assert_hostname=host
        )
        headers = {
            "host": host if port == 443 else f"{host}:{port}",  # noqa: PLR2004 - https's own
            "accept-encoding": "identity",
            "user-agent": "reelwright",
        }
        try:
            return pool.urlopen(
                "GET",
                target,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=_TIMEOUT,
            )
        except SSLError as error:
            raise SourceUnreachable(
                f"The TLS certificate of {host} is not one this stack trusts ({error})."
            ) from error
        except (NewConnectionError, ConnectTimeoutError, ReadTimeoutError) as error:
            raise TransientError(f"{bare(url)} does not answer.") from error
        except HTTPError as error:
            raise TransientError(f"Reading {bare(url)} failed: {error}.") from error

    def _locate(self, url: str) -> tuple[str, str, int, str]:
        """(checked address, host, port, request target)"""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or 443
        except ValueError as error:
            raise SourceUnreachable(f"The source leads to a malformed address: {error}.") from None
        if parts.scheme != "https" or not host:
            raise SourceNotAllowed(f"The source leads to {bare(url)}; only https is followed.")
        try:
            addresses = self.resolve(host, port)
        except UnicodeError as error:
            raise SourceUnreachable(f"{host!r} is not a host name.") from error
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise TransientError(f"The name {host} can't be resolved just now.") from error
            raise SourceUnreachable(f"There is no host named {host}.") from error
        for address in addresses:
            if not self.is_public(address):
                raise SourceNotAllowed(
                    f"The source's host {host} has the address {address}, which is not public."
                )
        target = urllib3.util.parse_url(parts._replace(scheme="", netloc="", fragment="").geturl())
        return addresses[0], host, port, target.request_uri


def _follow(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise SourceUnreachable(f"{bare(url)} redirects to a malformed address: {error}.") from None


def _accept(answer: urllib3.BaseHTTPResponse, url: str) -> urllib3.BaseHTTPResponse:
    if answer.status == _OK:
        return answer
    answer.close()
    said = f"The source's server answered {answer.status} to {bare(url)}."
    if answer.status in _TRY_AGAIN or answer.status >= _SERVER_ERROR:
        raise TransientError(said)
    raise SourceUnreachable(said)


def bare(url: str) -> str:
    """A URL for people to read: without its query, which may hold a secret."""
    return url.split("?", 1)[0].split("#", 1)[0]
