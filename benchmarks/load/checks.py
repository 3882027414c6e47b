"""What must hold of any run. Each check gives one line for each promise that was broken."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from benchmarks.load.evidence import Evidence, Left, Row, Sample, Sent, Trace, moment

_TERMINAL = {"COMPLETE", "FAILED", "CANCELLED", "REJECTED"}
_RAN = {"COMPLETE", "FAILED"}


@dataclass(frozen=True)
class Span:
    """A job's time from the start of its turn to its end."""

    job_id: str
    start: datetime
    end: datetime


def broken_promises(run: Evidence) -> list[str]:
    """One line each; none if all was as promised."""
    return [
        *lost(run.sent, run.rows),
        *wrong_ends(run.sent, run.rows),
        *over_ceiling(spans(run.rows), run.ceiling),
        *seen_over_ceiling(run.samples, run.ceiling),
        *out_of_order(run.sent, run.rows),
        *done_twice(run),
        *refused_started(run.sent, run.traces),
        *wrong_media(run),
        *left_over(run.left),
    ]


def lost(sent: Sequence[Sent], rows: Mapping[str, Row]) -> Iterator[str]:
    """Each message has a row that tells of it."""
    for one in sent:
        if one.job_id not in rows:
            yield f"Lost: {_called(one)} never got a row."


def wrong_ends(sent: Sequence[Sent], rows: Mapping[str, Row]) -> Iterator[str]:
    """Each job ended as its request deserved, and is still the job of that request."""
    for one in sent:
        row, message = rows.get(one.job_id), one.message
        if row is None:
            continue
        error = row.get("error", {}).get("name")
        if row["status"] not in _TERMINAL:
            yield f"Stuck: {_called(one)} is still {row['status']}."
        elif (row["status"], error) != (message.end, message.error):
            told = f"{row['status']} ({error}: {row['error']['message']})" if error else "COMPLETE"
            wanted = f"{message.end} ({message.error})" if message.error else message.end
            yield f"Wrong end: {_called(one)} ended as {told}, not as {wanted}."
        elif row["status"] == "COMPLETE" and _order_key(row) != message.order_key:
            yield f"Wrong request: {_called(one)} holds the order key {_order_key(row)!r}."


def spans(rows: Mapping[str, Row]) -> list[Span]:
    """Of all jobs that ever had a turn."""
    return [
        Span(job_id, moment(row["started_at"]), moment(row["finished_at"]))
        for job_id, row in rows.items()
        if "started_at" in row and "finished_at" in row
    ]


def over_ceiling(ran: Sequence[Span], ceiling: int) -> Iterator[str]:
    """At no time did more jobs render than the ceiling allows, by the rows' own stamps.

    Both stamps lie within the time a turn is held, so an overlap that they show is one.
    """
    lasted = [span for span in ran if span.end > span.start]
    starts = [(span.start, 1, span.job_id) for span in lasted]
    ends = [(span.end, -1, span.job_id) for span in lasted]
    running: set[str] = set()
    worst, when = frozenset[str](), None
    # What ends in the millisecond another starts in made room for it.
    for at, change, job_id in sorted(starts + ends, key=lambda event: event[:2]):
        (running.add if change > 0 else running.discard)(job_id)
        if len(running) > len(worst):
            worst, when = frozenset(running), at
    if len(worst) > ceiling:
        yield (
            f"Ceiling: {len(worst)} jobs rendered at {when} ({_listed(worst)}); at most "
            f"{ceiling} may."
        )


def seen_over_ceiling(samples: Sequence[Sample], ceiling: int) -> Iterator[str]:
    """Nor was it seen in the tables while they ran.

    The count is one row. Reading many rows is no snapshot, so of those only what two samples after
    another agree on was so at one time.
    """
    most = max(samples, key=lambda sample: sample.count, default=None)
    if most and most.count > ceiling:
        yield f"Ceiling: {most.count} turns were counted as granted at {most.at}, above {ceiling}."
    for what in ("granted_turns", "running"):
        both = [
            (getattr(one, what) & getattr(next_, what), next_.at)
            for one, next_ in pairwise(samples)
        ]
        held, at = max(both, key=lambda seen: len(seen[0]), default=(frozenset[str](), None))
        if len(held) > ceiling:
            name = "jobs were RUNNING" if what == "running" else "turns were GRANTED"
            yield f"Ceiling: {len(held)} {name} at {at} ({_listed(held)}), above {ceiling}."


def out_of_order(sent: Sequence[Sent], rows: Mapping[str, Row]) -> Iterator[str]:
    """Jobs of a key ended one after another, as the queue accepted them; failed ones too."""
    for key, jobs in by_key(sent).items():
        ran = [job_id for job_id in jobs if rows.get(job_id, {}).get("status") in _RAN]
        for first, next_ in pairwise(ran):
            before, after = moment(rows[first]["finished_at"]), rows[next_]
            if moment(after["finished_at"]) < before:
                yield f"Order: of {key}, {next_} ended before {first}, which was accepted first."
            elif "started_at" in after and moment(after["started_at"]) < before:
                yield f"Order: of {key}, {next_} began before {first} had ended."


def by_key(sent: Sequence[Sent]) -> dict[str, list[str]]:
    """Order key → its jobs in the order the queue accepted them, each once."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in sorted(sent, key=lambda one: one.sequence):
        key = one.message.order_key
        if key is not None and one.job_id not in found[key]:
            found[key].append(one.job_id)
    return dict(sorted(found.items()))


def done_twice(run: Evidence) -> Iterator[str]:
    """However often it was sent: a job was rendered by one execution, in one attempt, once."""
    rendered = Counter(trace.job_id for trace in run.traces if trace.woken_at is not None)
    for job_id in dict.fromkeys(one.job_id for one in run.sent):
        row = run.rows.get(job_id)
        if row is None:
            continue
        wanted = 1 if row["status"] in _RAN else 0
        if rendered[job_id] != wanted:
            yield (
                f"Once: {rendered[job_id]} executions rendered {job_id} ({row['status']}), not "
                f"{wanted}."
            )
        if int(row.get("attempts", 0)) != wanted:
            yield f"Once: {job_id} ({row['status']}) took {row.get('attempts')} attempts."
        yield from _wrong_files(run, job_id)


def _wrong_files(run: Evidence, job_id: str) -> Iterator[str]:
    """Published are the files of the result, each once; of any other job none."""
    status, files = run.rows[job_id]["status"], sorted(run.published.get(job_id, ()))
    result = run.results.get(job_id)
    if status != "COMPLETE" and files:
        yield f"Once: {job_id} ({status}) has published files."
    if result is not None:
        made = sorted(made["key"] for made in (*result["outputs"], *result["snapshots"]))
        if made != files:
            yield f"Once: the files of {job_id} are not those of its result, each once."


def wrong_media(run: Evidence) -> Iterator[str]:
    """Every output has the frames of its source, and every picture was taken."""
    for one in run.sent:
        if run.rows.get(one.job_id, {}).get("status") != "COMPLETE" or one.message.kind != "render":
            continue
        result = run.results.get(one.job_id)
        if result is None:
            yield f"Media: {one.job_id} is COMPLETE and has no result.json."
            continue
        frames = {made["name"]: made["frames"] for made in result["outputs"]}
        if frames != one.message.frames:
            yield f"Media: {one.job_id} has the frames {frames}, not {dict(one.message.frames)}."
        if len(result["snapshots"]) != one.message.pictures:
            yield (
                f"Media: {one.job_id} has {len(result['snapshots'])} pictures, not "
                f"{one.message.pictures}."
            )


def left_over(left: Left) -> Iterator[str]:
    """Nothing stays behind in the queues and among the turns."""
    if left.queued:
        yield f"Left: the queue still holds {left.queued}."
    if left.dead_letters:
        yield f"Left: the dead-letter queue holds {left.dead_letters}."
    if left.turns:
        yield f"Left: the turns table still holds {len(left.turns)} ({_listed(left.turns)})."
    if left.granted:
        yield f"Left: the count of granted turns is {left.granted}, not 0."


def refused_started(sent: Sequence[Sent], traces: Sequence[Trace]) -> Iterator[str]:
    """Nothing was started for what was refused."""
    refused = {one.job_id for one in sent if one.message.end == "REJECTED"}
    for trace in traces:
        if trace.job_id in refused:
            yield f"Refused: an execution was started for {trace.job_id}, which is REJECTED."


def _order_key(row: Row) -> str | None:
    found: str | None = json.loads(row["request"]).get("order_key")
    return found


def _called(one: Sent) -> str:
    return f"{one.job_id} ({one.message.kind}: {one.message.name})"


def _listed(job_ids: Iterable[str]) -> str:
    shown = sorted(job_ids)
    more = len(shown) - 6
    return ", ".join(shown[:6]) + (f" and {more} more" if more > 0 else "")
