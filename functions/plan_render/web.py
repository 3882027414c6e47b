"""Reading a source at a stranger's https URL.

Redirects are followed by hand, each by the rules of the first address.
"""

from urllib.parse import urljoin

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from functions.shared.errors import SourceNotAllowed, SourceUnreachable, TransientError
from functions.shared.web import (
    AddressMalformed,
    AddressNotAllowed,
    HostUnknown,
    Place,
    Web,
    bare,
)

_MOST_REDIRECTS = 5
_TIMEOUT = urllib3.Timeout(connect=10, read=30)
_REDIRECTS = {301, 302, 303, 307, 308}
_TRY_AGAIN = {408, 425, 429}
_SERVER_ERROR = 500
_OK = 200


def open_source(web: Web, url: str) -> urllib3.BaseHTTPResponse:
    """The body of `url`, unread. SourceNotAllowed, SourceUnreachable or TransientError."""
    for _ in range(_MOST_REDIRECTS + 1):
        answer = _get(web, url)
        if answer.status not in _REDIRECTS:
            return _accept(answer, url)
        answer.close()
        url = _follow(url, answer.headers.get("location", ""))
    raise SourceUnreachable(
        f"The source redirects more than {_MOST_REDIRECTS} times, lastly to {bare(url)}."
    )


def _get(web: Web, url: str) -> urllib3.BaseHTTPResponse:
    place = _locate(web, url)
    pool = urllib3.HTTPSConnectionPool(
        place.address,
        place.port,
        ssl_context=web.tls,
        server_hostname=place.host,
        assert_hostname=place.host,
    )
    headers = {
        "host": place.authority,
        "accept-encoding": "identity",
        "user-agent": "reelwright",
    }
    try:
        return pool.urlopen(
            "GET",
            place.target,
            headers=headers,
            redirect=False,
            retries=False,
            preload_content=False,
            timeout=_TIMEOUT,
        )
    except SSLError as error:
        raise SourceUnreachable(
            f"The TLS certificate of {place.host} is not one this stack trusts ({error})."
        ) from error
    except (NewConnectionError, ConnectTimeoutError, ReadTimeoutError) as error:
        raise TransientError(f"{bare(url)} does not answer.") from error
    except HTTPError as error:
        raise TransientError(f"Reading {bare(url)} failed: {error}.") from error


def _locate(web: Web, url: str) -> Place:
    try:
        return web.locate(url)
    except AddressNotAllowed as error:
        raise SourceNotAllowed(str(error)) from error
    except (AddressMalformed, HostUnknown) as error:
        raise SourceUnreachable(str(error)) from error


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
