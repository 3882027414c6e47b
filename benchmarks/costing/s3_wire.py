"""Counts what functions and their ffmpeg ask of S3: a proxy between them and the embedded AWS.

Presigned addresses lead through it as well, so what ffmpeg reads by itself is seen, too.
"""

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from local.embedded import EmbeddedAws
from local.loopback_server import LoopbackServer
from local.releases import release_all

_VARIABLE = "AWS_ENDPOINT_URL_S3"
_PIECE = 1 << 16
_OF_ONE_HOP = {"connection", "content-length", "expect", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class S3Call:
    """One request as S3 bills it."""

    method: str
    path: str
    """With the bucket before the key."""
    is_presigned: bool

    @property
    def is_free(self) -> bool:
        return self.method == "DELETE"

    @property
    def is_put(self) -> bool:
        """PUT, COPY, POST or LIST."""
        return self.method in {"PUT", "POST"} or self.is_list

    @property
    def is_list(self) -> bool:
        return self.method == "GET" and not self.path.strip("/").partition("/")[2]


class S3Wire(LoopbackServer):
    """Serves while it is entered; `calls` holds what came through."""

    def __init__(self, endpoint: str) -> None:
        self.calls: list[S3Call] = []
        super().__init__(self._handler(urlsplit(endpoint).netloc))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _handler(self, host: str) -> type["_Handler"]:
        """`host`: where the requests go."""
        return type("Handler", (_Handler,), {"host": host, "calls": self.calls})


class _Handler(BaseHTTPRequestHandler):
    """Passes one connection's requests on."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    host: str
    calls: list[S3Call]

    def setup(self) -> None:
        super().setup()
        self.upstream = http.client.HTTPConnection(self.host)

    def finish(self) -> None:
        super().finish()
        self.upstream.close()

    def do_any(self) -> None:
        self.calls.append(_call(self.command, self.path))
        headers = {
            name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_HOP
        }
        body = b"".join(self._body())
        # The host stays what it was: presigned addresses are signed with it.
        headers["Content-Length"] = str(len(body))
        self.upstream.request(self.command, self.path, body or None, headers)
        self._pass_on(self.upstream.getresponse())

    do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = do_any  # noqa: N815 - http.server's names

    def _body(self) -> Iterator[bytes]:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            yield self.rfile.read(int(self.headers.get("Content-Length", 0)))
            return
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _pass_on(self, answer: http.client.HTTPResponse) -> None:
        self.send_response_only(answer.status)
        length = answer.headers.get("Content-Length")
        for name, value in answer.getheaders():
            if name.lower() not in _OF_ONE_HOP:
                self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", length)
            self.end_headers()
            while piece := answer.read(_PIECE):
                self.wfile.write(piece)
            return
        content = answer.read()
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _call(method: str, target: str) -> S3Call:
    url = urlsplit(target)
    query = parse_qs(url.query, keep_blank_values=True)
    return S3Call(method, url.path, "X-Amz-Signature" in query)


def count_s3(wire: S3Wire, aws: EmbeddedAws, stack: str) -> None:
    """Lead every function of the stack through the wire. Only before it has run."""
    lambdas = aws.client("lambda")
    pages = aws.client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] != "AWS::Lambda::Function":
                continue
            name = resource["PhysicalResourceId"]
            found = lambdas.get_function_configuration(FunctionName=name)
            variables = {**found["Environment"]["Variables"], _VARIABLE: wire.address}
            lambdas.update_function_configuration(
                FunctionName=name, Environment={"Variables": variables}
            )
            lambdas.get_waiter("function_updated_v2").wait(FunctionName=name)
    release_all(aws, stack)
