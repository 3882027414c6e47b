"""What can be checked of the embedded AWS: this machine, and the stack that is up on it."""

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reelwright.errors import ReelwrightClientError
from reelwright.quotas import Finding, Limits, judge

_PYTHON = (3, 11)
_NODE = 20
_AGAIN = "deploy it again: `make local-up`"
_WHICH = "Lambda: "


def local_findings(home: Path | None) -> Iterator[Finding]:
    """This machine first, as everything else stands on it."""
    yield _python(sys.version_info[:3])
    yield _node(_node_version())
    yield _ffmpeg()
    yield from _versions()
    yield from _stack(home)


def _finding(what: str, wants: str, found: str, fix: str) -> Finding:
    """`fix` empty: as it should be."""
    return Finding(what, found, wants, "refused" if fix else "ok", fix)


def _python(version: tuple[int, ...]) -> Finding:
    fix = "" if version >= _PYTHON else "install Python 3.11 or later and run `make setup`"
    return _finding("Python", "3.11 or later", ".".join(map(str, version)), fix)


def _node_version() -> str:
    """`v22.1.0`; empty when there is none."""
    node = shutil.which("node")
    if node is None:
        return ""
    ended = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return ended.stdout.strip()


def _node(version: str) -> Finding:
    major = version.removeprefix("v").partition(".")[0]
    is_enough = major.isdigit() and int(major) >= _NODE
    fix = "" if is_enough else f"install Node {_NODE} or later: `make synth` and deploys need it"
    return _finding("Node", f"{_NODE} or later", version or "none", fix)


def _ffmpeg() -> Finding:
    from local.home import PROJECT

    machine = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
    binary = PROJECT / "build" / "layers" / f"ffmpeg-{machine}" / "bin" / "ffmpeg"
    if not binary.is_file():
        return _finding("ffmpeg layer", "built", "none", "build it in the checkout: `make layers`")
    ended = subprocess.run([binary, "-version"], capture_output=True, text=True, check=False)
    if ended.returncode:
        fix = "it does not run here: remove build/layers and run `make layers`"
        return _finding("ffmpeg layer", "runs", f"ends with {ended.returncode}", fix)
    return _finding("ffmpeg layer", "runs", " ".join(ended.stdout.split()[:3]), "")


def _versions() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    for package in ("reelwright", "boto3", "ministack"):
        try:
            found, fix = version(package), ""
        except PackageNotFoundError:
            found, fix = "none", "run `make setup` in the checkout"
        yield _finding(package, "installed", found, fix)


def _stack(home: Path | None) -> Iterator[Finding]:
    from reelwright.stacks import Stack

    try:
        stack = Stack.embedded(home)
    except ReelwrightClientError as fault:
        yield _finding("embedded AWS", "up, with the stack", "not so", f"{fault} {fault.next_step}")
        return
    clients = _Embedded(stack.session(), stack.endpoint)
    name = stack.stack_name or ""
    yield from _tried(
        "stack",
        "whole",
        lambda: clients.client("cloudformation").describe_stacks(StackName=name),
        _is_whole,
    )
    queue = stack.outputs.get("QueueUrl", "")
    yield from _tried(
        "job queue",
        "reachable",
        lambda: clients.client("sqs").get_queue_attributes(
            QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"]
        ),
        _waiting,
    )
    yield from _tried(
        f"{_WHICH}functions at once",
        "readable",
        lambda: account_of_engine(clients.client("lambda")),
        lambda limits: _width(limits, clients, name),
    )


def _tried(
    what: str,
    wants: str,
    call: Callable[[], Any],
    findings: Callable[[Any], Iterator[Finding]],
) -> Iterator[Finding]:
    """What the answer says, or that there is none."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield from findings(call())
    except (BotoCoreError, ClientError, ReelwrightClientError) as fault:
        yield _finding(what, wants, "not so", f"{fault}; {_AGAIN}")


def _is_whole(answer: Any) -> Iterator[Finding]:
    status = answer["Stacks"][0]["StackStatus"]
    is_whole = status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    yield _finding("stack", "whole", status, "" if is_whole else _AGAIN)


def _waiting(answer: Any) -> Iterator[Finding]:
    count = answer["Attributes"]["ApproximateNumberOfMessages"]
    yield _finding("job queue", "reachable", f"{count} messages wait", "")


def account_of_engine(functions: Any) -> Limits:
    """The embedded AWS has a limit of functions at once, and no other."""
    account = functions.get_account_settings()["AccountLimit"]
    return Limits(account["ConcurrentExecutions"], account["UnreservedConcurrentExecutions"])


def _width(limits: Limits, clients: "_Embedded", stack: str) -> Iterator[Finding]:
    from reelwright.quotas_read import settings_of

    judged = judge(settings_of(clients, stack), limits)
    yield from (one for one in judged if one.what.startswith(_WHICH))


@dataclass(frozen=True)
class _Embedded:
    """Clients at the engine's address."""

    session: Any
    endpoint: str | None
    region_name: str | None = None

    def client(self, service_name: str, /) -> Any:
        return self.session.client(service_name, endpoint_url=self.endpoint)
