"""How long the HTTP API takes on the embedded stack, cold and warm, and its function to import.

python -m benchmarks.api_latency --assembly build/cdk.local.out

Cold is a call that a new worker has to be started for. All callers, functions and services share
this machine: what is told is the API's own work, not AWS's network.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

from local.deploy import deploy
from local.embedded import EmbeddedAws
from local.home import PROJECT, forget_account

_TIMEOUT_S = 60
_IMPORTS = 5


class Api:
    """The API as one caller, on a connection that is kept open."""

    def __init__(self, aws: EmbeddedAws, outputs: dict[str, str]) -> None:
        self.lambdas = aws.client("lambda")
        self.function = next(
            found["FunctionName"]
            for page in self.lambdas.get_paginator("list_functions").paginate()
            for found in page["Functions"]
            if found["Handler"] == "functions.handle_api.handler.handle"
        )
        self.url = outputs["ApiUrl"]
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {_token(aws, outputs)}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.session.request(method, self.url + path, json=body, timeout=_TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()

    def forget_workers(self) -> None:
        """The next call needs a new one."""
        before = self.lambdas.get_function_configuration(FunctionName=self.function)
        variables = {**before["Environment"]["Variables"], "BENCH": uuid.uuid4().hex}
        self.lambdas.update_function_configuration(
            FunctionName=self.function, Environment={"Variables": variables}
        )
        self.lambdas.get_waiter("function_updated_v2").wait(FunctionName=self.function)


def main() -> int:
    parser = argparse.ArgumentParser(prog="api_latency", description=__doc__)
    parser.add_argument("--assembly", type=Path, required=True)
    parser.add_argument("--cold", type=int, default=5)
    parser.add_argument("--warm", type=int, default=100)
    asked = parser.parse_args()
    forget_account()
    table = Table("", "median ms", "slowest ms", "calls", title="HTTP API, embedded stack")
    with EmbeddedAws(PROJECT / ".reelwright" / "api") as aws:
        api = Api(aws, deploy(asked.assembly, "Reelwright", aws))
        for name, call in _calls(api):
            _row(table, f"{name}, cold", _timed(call, asked.cold, api.forget_workers))
            _row(table, f"{name}, warm", _timed(call, asked.warm))
    _row(table, "import of the function", list(_imports()))
    Console().print(table)
    return 0


def _calls(api: Api) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Jobs whose source is not there: they are cheap for the machine that answers the API."""
    begun = api.call("POST", "/uploads", {"name": "none.mp4", "size_bytes": 1})
    body = {"source": begun["source"], "snapshots": {"count": 1}}
    job_id = api.call("POST", "/jobs", body)["job_id"]
    while api.call("GET", f"/jobs/{job_id}")["stage"] != "ended":
        time.sleep(0.1)
    # First what starts nothing else, so that nothing else runs beside it.
    yield "GET /jobs/{id}", lambda: api.call("GET", f"/jobs/{job_id}")
    yield "GET /jobs", lambda: api.call("GET", "/jobs")
    yield "POST /jobs", lambda: api.call("POST", "/jobs", {**body, "order_key": "bench"})


def _timed(
    call: Callable[[], Any], times: int, before: Callable[[], None] = lambda: None
) -> list[float]:
    """Milliseconds of each call; `before` is not counted."""
    found = []
    for _ in range(times):
        before()
        began = time.perf_counter()
        call()
        found.append(1000 * (time.perf_counter() - began))
    return found


def _imports() -> Iterator[float]:
    """Milliseconds, in a new process each, less what Python itself takes."""
    script = (
        "import json, time; began = time.perf_counter();"
        "import functions.handle_api.handler; print(json.dumps(time.perf_counter() - began))"
    )
    environment = {**os.environ, "POWERTOOLS_SERVICE_NAME": "handle_api"}
    for _ in range(_IMPORTS):
        ended = subprocess.run(
            [sys.executable, "-c", script],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            check=True,
        )
        yield 1000 * float(json.loads(ended.stdout))


def _token(aws: EmbeddedAws, outputs: dict[str, str]) -> str:
    idp = aws.client("cognito-idp")
    name = f"{uuid.uuid4().hex}@example.com"  # the folder keeps those of earlier runs
    user = {"UserPoolId": outputs["UserPoolId"], "Username": name}
    password = f"{uuid.uuid4()} aA1!"
    idp.admin_create_user(**user, MessageAction="SUPPRESS", TemporaryPassword=password)
    idp.admin_set_user_password(**user, Password=password, Permanent=True)
    answer = idp.initiate_auth(
        ClientId=outputs["UserPoolClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    return str(answer["AuthenticationResult"]["AccessToken"])


def _row(table: Table, name: str, found: list[float]) -> None:
    table.add_row(name, f"{statistics.median(found):.0f}", f"{max(found):.0f}", str(len(found)))


if __name__ == "__main__":
    sys.exit(main())
