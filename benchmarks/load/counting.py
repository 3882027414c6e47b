"""Counts what functions ask of DynamoDB: a proxy between them and the embedded AWS.

Every request is asked for its consumed capacity on its way; the embedded AWS computes it by the
rules DynamoDB documents. The functions themselves stay as they are: boto3 reads its endpoint for
one service from AWS_ENDPOINT_URL_DYNAMODB.
"""

import http.client
import json
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from local.embedded import EmbeddedAws
from local.loopback_server import LoopbackServer
from local.releases import release_all

_VARIABLE = "AWS_ENDPOINT_URL_DYNAMODB"


@dataclass(frozen=True)
class Call:
    """One request and its answer."""

    at: float
    """When it was answered, as seconds since 1970."""
    function: str
    operation: str
    """PutItem, TransactWriteItems, …"""
    request: dict[str, Any]
    status: int
    answer: bytes


class CountingProxy(LoopbackServer):
    """Serves while it is entered; `calls` holds what came through."""

    def __init__(self, endpoint: str) -> None:
        self.calls: list[Call] = []
        super().__init__(self._handler(urlsplit(endpoint).netloc))

    def address(self, function: str) -> str:
        """The endpoint for one function, which it is told apart by."""
        return f"http://127.0.0.1:{self.port}/{function}"

    def _handler(self, host: str) -> type[BaseHTTPRequestHandler]:
        calls = self.calls

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def setup(self) -> None:
                super().setup()
                self.upstream = http.client.HTTPConnection(host)

            def finish(self) -> None:
                super().finish()
                self.upstream.close()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = json.loads(body)
                passed = json.dumps({**request, "ReturnConsumedCapacity": "TOTAL"}).encode()
                headers = {**self.headers, "Host": host, "Content-Length": str(len(passed))}
                self.upstream.request("POST", "/", passed, headers)
                answer = self.upstream.getresponse()
                content = answer.read()
                operation = self.headers["X-Amz-Target"].rpartition(".")[2]
                function = self.path.strip("/")
                calls.append(
                    Call(time.time(), function, operation, request, answer.status, content)
                )
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        return Handler


def count_functions(proxy: CountingProxy, aws: EmbeddedAws, stack: str) -> None:
    """Lead every function of the stack through the proxy. Only before it has run."""
    lambdas = aws.client("lambda")
    pages = aws.client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] != "AWS::Lambda::Function":
                continue
            name = resource["PhysicalResourceId"]
            environment = lambdas.get_function_configuration(FunctionName=name)["Environment"]
            stem = resource["LogicalResourceId"].partition("Function")[0]
            variables = {**environment["Variables"], _VARIABLE: proxy.address(stem)}
            lambdas.update_function_configuration(
                FunctionName=name, Environment={"Variables": variables}
            )
            lambdas.get_waiter("function_updated_v2").wait(FunctionName=name)
    release_all(aws, stack)
