"""Many jobs at once under a ceiling, and a check of each promise the queue makes.

`make load` runs it on the embedded AWS; `--stack NAME` on a stack on AWS that is otherwise idle.
"""

import argparse
import json
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from rich.console import Console
from rich.markup import escape

from benchmarks.load.checks import broken_promises
from benchmarks.load.counting import Call, CountingProxy, count_functions
from benchmarks.load.evidence import Evidence
from benchmarks.load.figures import figures
from benchmarks.load.follow import follow, gather
from benchmarks.load.messages import Message, tiny
from benchmarks.load.mixture import FEWEST, mixture
from benchmarks.load.reconciling import reconciled
from benchmarks.load.records import KEYED, KEYLESS, by_kind, granting, record
from benchmarks.load.showing import (
    make_console,
    show_ends,
    show_figures,
    show_timeline,
    show_writes,
)
from benchmarks.load.sources import make_clips, upload_broken, upload_clips
from local.deploy import deploy
from local.embedded import EmbeddedAws
from local.home import ACCOUNT, PROJECT, REGION, forget_account
from reelwright.direct import DirectClient

_STACK = "Reelwright"
_FOLDER = PROJECT / "build" / "load"


@dataclass(frozen=True)
class Target:
    """The stack under load. `calls`: what its functions ask of DynamoDB; none on AWS."""

    client: DirectClient
    calls: list[Call]


def main() -> int:
    arguments = _arguments()
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        print("ffmpeg is not on PATH; run this by `make load`")
        return 2
    console = make_console()
    clips = make_clips(Path(ffmpeg), _FOLDER / "clips")
    with _on_aws(arguments.stack) if arguments.stack else _embedded(arguments.assembly) as target:
        messages = _messages(arguments, clips, target.client)
        console.print(
            f"{len(messages)} messages, seed {arguments.seed}, ceiling {arguments.ceiling}"
        )
        followed = follow(console, target.client, messages, arguments.timeout_s)
        run = gather(target.client, followed, arguments.ceiling)
    return _report(console, run, target, arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--assembly", type=Path, help="a synthesized CDK app for the embedded AWS")
    where.add_argument("--stack", help="the name of a deployed stack, with the credentials in use")
    parser.add_argument("--jobs", type=int, default=100, help="messages to send")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ceiling", type=int, required=True, help="the stack's max_active_jobs")
    parser.add_argument("--tiny", action="store_true", help="equal, tiny jobs and nothing else")
    parser.add_argument("--timeout-s", type=float, default=1800, help="when to give up waiting")
    arguments = parser.parse_args()
    fewest = 1 if arguments.tiny else FEWEST
    if arguments.jobs < fewest:
        parser.error(f"--jobs is {arguments.jobs}; one of each kind takes {fewest} or more")
    return arguments


@contextmanager
def _embedded(assembly: Path) -> Iterator[Target]:
    """An embedded AWS of its own, whose functions' requests to DynamoDB are counted."""
    forget_account()
    aws = EmbeddedAws(PROJECT / ".reelwright" / "load")
    aws.stop()
    aws.forget()
    with aws:
        outputs = deploy(assembly, _STACK, aws)
        session = boto3.Session(ACCOUNT, "test", region_name=REGION)
        with CountingProxy(aws.endpoint) as proxy:
            count_functions(proxy, aws, _STACK)
            with reconciled(aws, _STACK):
                yield Target(DirectClient.connect(outputs, session, aws.endpoint), proxy.calls)


@contextmanager
def _on_aws(stack: str) -> Iterator[Target]:
    yield Target(DirectClient.of_stack(stack, boto3.Session()), [])


def _messages(
    arguments: argparse.Namespace, files: list[Path], client: DirectClient
) -> list[Message]:
    run = f"load-{uuid.uuid4().hex[:8]}"
    if arguments.tiny:
        (clip,) = upload_clips(files[:1], client)
        return tiny(arguments.jobs, run, clip)
    clips, broken = upload_clips(files, client), upload_broken(files[-1], client)
    return mixture(arguments.seed, arguments.jobs, run, clips, broken)


def _report(console: Console, run: Evidence, target: Target, arguments: argparse.Namespace) -> int:
    broken, found = broken_promises(run), figures(run)
    show_ends(console, run)
    show_timeline(console, run)
    show_figures(console, found)
    if target.calls:
        kinds = by_kind(run, target.calls)
        ordinary = KEYLESS if arguments.tiny else KEYED
        if ordinary in kinds:
            show_writes(console, kinds[ordinary], granting(run, target.calls))
    kept = {"seed": arguments.seed, "tiny": arguments.tiny}
    kept |= record(run, found, broken, target.calls)
    name = "load-tiny.json" if arguments.tiny else "load.json"
    (_FOLDER.parent / name).write_text(json.dumps(kept, indent=1) + "\n")
    for line in broken:
        console.print(f"[red]BROKEN[/] {escape(line)}", soft_wrap=True)
    if not broken:
        console.print("Every promise held.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
