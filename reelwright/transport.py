"""One API, called as one caller: the token, the tries, and answers that are refusals."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from reelwright.errors import (
    BusyError,
    ConflictError,
    InvalidRequestError,
    NotAuthorisedError,
    NotFoundError,
    ReelwrightClientError,
    RefusedError,
    UnreachableError,
)
from reelwright.retries import PASSING_STATUS, Retries

TIMEOUT_S = (5.0, 60.0)
"""To connect; between two bytes of the answer."""
CONNECTIONS = 8
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_SIGN_IN = "sign in: `reelwright login`"
_REFUSALS = {
    400: InvalidRequestError,
    409: ConflictError,
    413: InvalidRequestError,
    422: InvalidRequestError,
}


class Tokens(Protocol):
    """Where a caller's access token comes from."""

    def token(self, *, renew: bool = False) -> str:
        """`renew`: the one given out last was refused."""
        ...


class FixedToken:
    """A token the caller got by other means; it can't be renewed."""

    def __init__(self, text: str) -> None:
        self._text = text

    def token(self, *, renew: bool = False) -> str:
        if renew:
            raise NotAuthorisedError("The API refused the token it was given.", _SIGN_IN)
        return self._text


class Bearer(AuthBase):
    """The token as a header. As `auth`, so that no .netrc entry for the host replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Presigned(AuthBase):
    """No header at all: the address itself is signed."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Transport:
    """Calls to `api_url`, each tried again by `retries` and once more with a new token."""

    def __init__(self, api_url: str, tokens: Tokens, retries: Retries | None = None) -> None:
        self.api_url = api_url.rstrip("/")
        address = urlsplit(self.api_url)
        if address.scheme != "https" and address.hostname not in _LOOPBACK:
            raise InvalidRequestError(
                f"{api_url} is no https address, and a token would be sent to it in the clear."
            )
        self.retries = retries or Retries()
        # The embedded AWS is never behind a proxy, whatever the environment says.
        self.session = _session(trust_env=address.hostname not in _LOOPBACK)
        self._tokens = tokens

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The answer's JSON. One of reelwright.errors where there is none."""
        content = None if body is None else _written(body)
        kind = {} if body is None else {"Content-Type": "application/json"}

        def attempt(token: str) -> requests.Response:
            return self.session.request(
                method,
                f"{self.api_url}{path}",
                data=content,
                params=query,
                headers={**kind, **(headers or {})},
                auth=Bearer(token),
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )

        answer = self._answer(lambda: attempt(self._tokens.token()))
        if answer.status_code == requests.codes.unauthorized:
            renewed = self._tokens.token(renew=True)
            answer = self._answer(lambda: attempt(renewed))
        return self._read(answer)

    def _answer(self, attempt: Callable[[], requests.Response]) -> requests.Response:
        try:
            return self.retries.answer(attempt)
        except requests.RequestException as fault:
            raise UnreachableError(
                f"{self.api_url} can't be reached ({reason(fault)}).",
                "check the network; `reelwright login` looks a stack up anew, "
                "`reelwright local up` starts the embedded AWS",
            ) from fault

    def _read(self, answer: requests.Response) -> dict[str, Any]:
        try:
            content = answer.json()
        except requests.JSONDecodeError:
            content = None
        if answer.ok and isinstance(content, dict):
            return content
        raise _refusal(answer, content if isinstance(content, dict) else {})


def _written(body: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"The request can't be written as JSON: {error}.") from error


def reason(fault: Exception) -> str:
    """The innermost cause of a network fault, which is the part that says something."""
    inner: Any = fault
    while isinstance(inner, Exception):
        fault = inner
        found = getattr(inner, "reason", None) or (inner.args[0] if inner.args else None)
        inner = found if isinstance(found, Exception) else None
    # urllib3 puts the connection's repr in front: <HTTPConnection(…)>: Failed to …
    return str(fault).rpartition(": ")[2] or type(fault).__name__


def _session(*, trust_env: bool) -> requests.Session:
    session = requests.Session()
    session.trust_env = trust_env
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))
    return session


def _refusal(answer: requests.Response, problem: Mapping[str, Any]) -> ReelwrightClientError:
    status = answer.status_code
    is_ours = "problem+json" in answer.headers.get("Content-Type", "")
    said = _sentence(problem) if is_ours else ""
    if status in {requests.codes.unauthorized, requests.codes.forbidden}:
        return NotAuthorisedError(said or "The API does not accept this sign-in.", _SIGN_IN)
    if status in PASSING_STATUS:
        found = f"{answer.url} answers {status}{f' ({said})' if said else ''}, try after try."
        return BusyError(found, "try again later")
    if not is_ours:
        found = f"{answer.url} answers {status}, and not as a Reelwright API does."
        return UnreachableError(found, "check the address: the stack's output ApiUrl")
    if status == requests.codes.not_found:
        return NotFoundError(said)
    return _REFUSALS.get(status, RefusedError)(said, problem=problem)


def _sentence(problem: Mapping[str, Any]) -> str:
    """The problem's own words, kept to one line."""
    said = str(problem.get("detail") or problem.get("title") or "")
    return " ".join(said.split())
