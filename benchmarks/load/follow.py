"""Sends a load, watches it to its end, then gathers what there is to know about it."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.load.evidence import Evidence, Sample, Sent
from benchmarks.load.histories import executions_since, is_any_running, published, trace
from benchmarks.load.messages import Message
from benchmarks.load.stack import left, look, queued, read_rows, send
from reelwright.direct import TERMINAL, DirectClient

_POLL_S = 0.2
_QUIET_S = 60.0
"""Jobs that are still not ended when nothing has been under way for so long never will be."""
_READERS = 8
_CLOCKS_APART = timedelta(minutes=1)


@dataclass
class Followed:
    """A load that was watched."""

    began: datetime
    late: list[Message]
    """Not sent yet."""
    sent: list[Sent] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)


def follow(
    console: Console, client: DirectClient, messages: Sequence[Message], timeout_s: float
) -> Followed:
    """Send all and look on until everything has come to rest, or time is up."""
    prompt = [message for message in messages if not message.is_late]
    followed = Followed(datetime.now(UTC), [each for each in messages if each.is_late])
    columns = (
        TextColumn("{task.description:28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("ended"),
        TimeElapsedColumn(),
    )
    with (
        ThreadPoolExecutor(1) as sender,
        Progress(*columns, console=console) as shown,
    ):
        sending = sender.submit(lambda: followed.sent.extend(send(client, m) for m in prompt))
        bar = shown.add_task("sending", total=None)

        def tell(statuses: Counter[str], expected: int) -> None:
            ended = sum(statuses[status] for status in TERMINAL)
            doing = f"{statuses['RUNNING']} rendering, {statuses['WAITING']} waiting"
            shown.update(bar, description=doing, completed=ended, total=expected or None)

        _watch(client, followed, sending, tell, time.monotonic() + timeout_s)
        sending.result()
    return followed


def _watch(
    client: DirectClient,
    followed: Followed,
    sending: "Future[None]",
    tell: Callable[[Counter[str], int], None],
    deadline: float,
) -> None:
    """Sample the tables until all has come to rest."""
    at_rest_since = None
    while time.monotonic() < deadline:
        ids = list(dict.fromkeys(one.job_id for one in list(followed.sent)))
        is_sent = sending.done()
        seen = look(client, ids)
        followed.samples.append(seen.sample)
        tell(Counter(seen.statuses.values()), len(ids))
        ended = {job_id for job_id, status in seen.statuses.items() if status in TERMINAL}
        if is_sent and _send_late(client, followed, ended):
            continue
        is_ended = is_sent and not followed.late and len(ended) == len(ids)
        if is_sent and (is_ended or at_rest_since or not seen.sample.running):
            at_rest = is_at_rest(client, followed.began - _CLOCKS_APART)
            if is_ended and at_rest:
                return
            at_rest_since = (at_rest_since or time.monotonic()) if at_rest else None
            if at_rest_since and time.monotonic() - at_rest_since > _QUIET_S:
                return
        time.sleep(_POLL_S)


def _send_late(client: DirectClient, followed: Followed, ended: set[str]) -> bool:
    """Send what was held back until its original had ended. False: nothing was."""
    due = [message for message in followed.late if message.original in ended]
    followed.late = [message for message in followed.late if message not in due]
    followed.sent += [send(client, message) for message in due]
    return bool(due)


def is_at_rest(client: DirectClient, began: datetime) -> bool:
    """No message is on its way, no turn is held, no execution runs. In this order: a message
    leaves the queue after its turn was made, and a turn goes before its execution ends."""
    if queued(client, "QueueUrl"):
        return False
    if any(client.jobs.turns.all()):
        return False
    return not is_any_running(client, began)


def gather(client: DirectClient, followed: Followed, ceiling: int) -> Evidence:
    """Read all that the checks and the figures need."""
    ids = list(dict.fromkeys(one.job_id for one in followed.sent))
    rows = read_rows(client, ids)
    complete = [job_id for job_id, row in rows.items() if row["status"] == "COMPLETE"]
    arns = list(executions_since(client, followed.began - _CLOCKS_APART))
    with ThreadPoolExecutor(_READERS) as readers:
        results = readers.map(lambda job_id: client.result(rows[job_id]), complete)
        files = readers.map(lambda job_id: published(client, job_id), ids)
        traces = readers.map(lambda arn: trace(client, arn), arns)
        return Evidence(
            ceiling=ceiling,
            sent=followed.sent,
            rows=rows,
            results=dict(zip(complete, results, strict=True)),
            published=dict(zip(ids, files, strict=True)),
            traces=[found for found in traces if found.job_id in set(ids)],
            samples=followed.samples,
            left=left(client),
        )
