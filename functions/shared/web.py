"""A stranger's https address, looked up without being led anywhere private.

A name is resolved once, every address it has is checked, and whoever connects uses a checked
address (so the name can't point elsewhere a moment later); TLS is still verified against the name.
"""

import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

import urllib3

from functions.shared.addresses import is_public
from functions.shared.errors import ReelwrightError, TransientError

_HTTPS_PORT = 443
_HOST = re.compile(r"[A-Za-z0-9._:-]+")


class AddressNotAllowed(ReelwrightError):  # noqa: N818 - as the other errors are named
    """Not https, or not on the public internet."""


class AddressMalformed(ReelwrightError):  # noqa: N818
    """Nothing that could be connected to."""


class HostUnknown(ReelwrightError):  # noqa: N818
    """There is no host of this name, just now."""


@dataclass(frozen=True)
class Place:
    """Where to connect, and what to ask for there."""

    address: str
    """Checked."""
    host: str
    """ASCII; what TLS verifies."""
    port: int
    target: str
    """Path and query, encoded."""

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _HTTPS_PORT else f"{host}:{self.port}"


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@dataclass(frozen=True)
class Web:
    """The network as it is seen from here; tests put their own in its place."""

    resolve: Callable[[str, int], list[str]] = _resolve
    is_public: Callable[[str], bool] = is_public
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def locate(self, url: str) -> Place:
        """AddressNotAllowed, AddressMalformed, HostUnknown, or TransientError."""
        parts, host, port = _split(url)
        for address in (addresses := self._addresses(host, port)):
            if not self.is_public(address):
                raise AddressNotAllowed(
                    f"The host {host} has the address {address}, which is not public."
                )
        return Place(addresses[0], host, port, _target(parts))

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            return self.resolve(host, port)
        except UnicodeError as error:
            raise AddressMalformed(f"{host!r} is not a host name.") from error
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise TransientError(f"The name {host} can't be resolved just now.") from error
            raise HostUnknown(f"There is no host named {host}.") from error


def _split(url: str) -> tuple[SplitResult, str, int]:
    """(its parts, its host in ASCII, its port)"""
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port or _HTTPS_PORT
    except ValueError as error:
        raise AddressMalformed(f"The address is malformed: {error}.") from None
    if parts.scheme != "https" or not name:
        raise AddressNotAllowed(f"The address {bare(url)} is not allowed; only https is followed.")
    try:
        host = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    if not _HOST.fullmatch(host):
        raise AddressMalformed(f"{name!r} is not a host name.")
    return parts, host, port


def _target(parts: SplitResult) -> str:
    local = parts._replace(scheme="", netloc="", fragment="").geturl()
    return urllib3.util.parse_url(local).request_uri


def bare(url: str) -> str:
    """A URL for people to read: without its query, which may hold a secret."""
    return url.split("?", 1)[0].split("#", 1)[0]
