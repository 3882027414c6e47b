"""`python -m benchmarks.load.cost_page > docs/costs.md` writes the page.

From build/load.json, which `make load` leaves, and from what `python -m benchmarks.cost` recorded.
"""

import json
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from benchmarks.load.costs import (
    DESK_GB,
    DESK_S,
    LOOK_S,
    POLL_S,
    Counts,
    machinery,
    polling_an_hour,
    waiting_an_hour,
    waiting_once,
)
from benchmarks.record import Row, recorded
from functions.shared import cost, prices
from functions.shared.bill import Items
from functions.shared.metrics import UNITS
from local.home import PROJECT

_LOAD = PROJECT / "build" / "load.json"
_BACKLOGS = (10, 100, 1000)
ALARM_METRICS, ALARM_METRICS_OF_AWS = 15, 11
_LOGGED_GB = 43_200 * 450 / 2**30
"""What a line of the reconciler, each minute of a month, is longer for its metrics."""
_UNITS_PAGE = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html"
)


def page(counts: Counts, jobs: Sequence[Row]) -> Iterator[str]:
    """Paragraphs, lists and tables, each a block."""
    yield "# What it costs"
    yield _text(
        "Computed by `python -m benchmarks.load.cost_page` from what `python -m benchmarks.cost` "
        "and `make load` measured on the embedded AWS and from AWS's list prices of "
        f"{prices.REGION} on {prices.PRICES_OF}, without free tiers. Nothing of it was billed."
    )
    yield from _jobs(jobs)
    yield from _waiting(counts)
    yield from _machinery(counts)
    yield from _watching()
    yield "## What this leaves out"
    left_out = (
        "What the two sections before say is the machinery's share alone: no rendering, S3, logs.",
        "What an idle stack costs (README), and the reconciler's looks.",
        "Where a row passes 1 kB, as with AWS's longer task tokens, each write of it is two units.",
        "Conflicts of transactions, which the embedded AWS does not have.",
    )
    yield "\n".join(_text(f"- {line}", "  ") for line in left_out)
    yield _text(
        f"Times are assumed: {DESK_S} s for a call of Request Turn, {LOOK_S} s for a look of the "
        f"reconciler at one job, both at {DESK_GB} GB."
    )
    yield "## Prices"
    yield _text(
        "One list, [functions/shared/prices.py](../functions/shared/prices.py), is behind every "
        "figure here and in every job's record. In another region multiply: most are dearer."
    )
    yield _table(
        ("USD", "for", "AWS's page"),
        (
            (f"{price.usd}", f"{price.per:,} {price.unit}", f"<{price.page}>")
            for price in prices.ALL
        ),
    )
    yield _text(
        "A write in a transaction is two units for each begun kB of an item, any other write one. "
        "A consistent read is one for each begun 4 kB, a scan by the sum of what it reads. A write "
        "whose condition does not hold is charged, too; that is taken to hold in transactions as "
        f"well. See [DynamoDB read and write operations]({_UNITS_PAGE})."
    )


def _jobs(jobs: Sequence[Row]) -> Iterator[str]:
    yield "## A job"
    yield _text(
        "Each job says what it cost: as `cost` in its result.json and, once it has ended, in its "
        "record, and so in `GET /jobs/{id}`, in events, in `reelwright job` and in the Python "
        "client. `cost_usd` is its sum. These are of the bundled clip of 13 s, in US dollars; "
        "compute is this machine's and not Lambda's:"
    )
    items = Items.model_fields
    yield _table(
        ("", *(str(row["job"]) for row in jobs)),
        (
            *((f"`{name}`", *(f"{row['items'][name]:.6f}" for row in jobs)) for name in items),
            ("`usd`", *(f"{row['usd']:.6f}" for row in jobs)),
            ("a minute of output", *(_minute(row["usd_per_output_minute"]) for row in jobs)),
            ("apart from what was seen", *(f"{row['apart']:+.1%}" for row in jobs)),
        ),
    )
    yield _text(
        "The last line holds the items that can be seen from outside (compute, transitions, S3 "
        "requests, DynamoDB) against the calls in the execution's history and the requests that "
        "a proxy counted, at the same prices."
    )
    yield _text(
        "Each call of a worker leaves a receipt of what it used ([how](decisions/0014-cost.md)); "
        "all attempts of a job count. Of the rest, no receipt tells, and a job's share of it is "
        "estimated:"
    )
    yield _table(("for each attempt", "taken as", "from"), ESTIMATES)
    yield _text(
        "A job that failed or was cancelled has the cost of the calls that came to their end; its "
        "`note` says so. One that nobody could start has none: its `cost` is null, because no "
        "function worked for it. `storage_usd_per_month` is not in the sum: it is paid as long as "
        "the files are kept."
    )


def _minute(usd: float | None) -> str:
    return "" if usd is None else f"{usd:.6f}"


_MEASURED = "`python -m benchmarks.cost`"
_LOADED = "`make load`"
_TAKEN = "assumed"
ESTIMATES = (
    ("calls of functions that only read and write records", f"{cost.DESK_CALLS}", "the design"),
    ("the time of one of those", f"{cost.DESK_MS} ms in {cost.DESK_MB} MB", _TAKEN),
    ("their write units, granting with them", f"{cost.DESK_WRITE_UNITS}", _LOADED),
    ("their read units, granting with them", f"{cost.DESK_READ_UNITS}", _LOADED),
    ("requests of ffmpeg to an address it is given", f"{cost.ADDRESS_GETS}", _MEASURED),
    (
        "queue, pipe and bus, once a job",
        f"{cost.QUEUE_REQUESTS}, 1 and {cost.EVENTS}",
        "the design",
    ),
    ("log of a call, and of a transition", f"{cost.LOG_BYTES_A_CALL} bytes each", _TAKEN),
    ("requests to KMS; traces", f"{cost.KMS_REQUESTS}; {cost.TRACES}", _TAKEN),
)


def _waiting(counts: Counts) -> Iterator[str]:
    yield "## A waiting job"
    yield _text(
        "It is paused in `Wait For Turn`: no state is entered and no function runs for it. What "
        "it costs is taking its place, once, and the look of the reconciler each minute."
    )
    yield _table(
        ("jobs waiting", "taking a place, USD", "an hour of waiting, USD"),
        (
            (
                f"{backlog:,}",
                f"{waiting_once(counts, backlog):.6f}",
                f"{waiting_an_hour(counts, backlog):.6f}",
            )
            for backlog in _BACKLOGS
        ),
    )
    writes = counts.asking_writes + counts.grant_writes
    reads = counts.asking_reads + counts.grant_reads
    yield _text(
        f"Taking a place is 1 transition, 1 call of Request Turn, {writes:.1f} write units, "
        f"{reads:.1f} read units, and {counts.scans:.1f} reads of the whole turns "
        f"table ({counts.turn_bytes:.0f} bytes a row), which is why it grows with the queue. An "
        f"execution that looked for itself every {POLL_S} s, by a Wait and a Task, would cost "
        f"{polling_an_hour():.4f} USD an hour."
    )


def _machinery(counts: Counts) -> Iterator[str]:
    yield "## A job, but for its render"
    backlog = _BACKLOGS[1]
    parts = machinery(counts, backlog)
    shown = {**parts, "together": sum(parts.values())}
    yield _table(
        (f"{backlog} jobs waiting", "USD"),
        ((name, f"{usd:.7f}") for name, usd in shown.items()),
    )
    yield _text(
        f"It is {counts.transitions:.0f} transitions (the median) and "
        f"{counts.own_writes + counts.grant_writes:.1f} write units, {counts.refused_writes:.1f} "
        "of them for writes whose condition did not hold."
    )


def _watching() -> Iterator[str]:
    """A month of a stack whose hours all have jobs."""
    yield "## Watching, a month"
    shown, logged = prices.DASHBOARD_MONTH.of(1), prices.LOG_GB.of(_LOGGED_GB)
    own, alarms = prices.METRIC_MONTH.of(len(UNITS)), prices.ALARM_MONTH.of(ALARM_METRICS)
    yield _table(
        ("", "USD", "free in an account"),
        (
            ("the dashboard", f"{shown:.2f}", "three of up to 50 metrics"),
            (f"{len(UNITS)} metrics of its own", f"{own:.2f}", "ten"),
            (f"alarms on {ALARM_METRICS} metrics", f"{alarms:.2f}", "ten"),
            ("what the reconciler's lines are longer", f"{logged:.2f}", "5 GB of logs"),
            ("together", f"{shown + own + alarms + logged:.2f}", ""),
        ),
    )
    yield _text(
        "Four of the metrics come every minute, the others in hours with jobs, and an hour without "
        "values is not paid for. Metrics that AWS makes of its own services cost nothing. With "
        f"`-c dashboard=false` alarms on {ALARM_METRICS_OF_AWS} metrics are left, for "
        f"{prices.ALARM_MONTH.of(ALARM_METRICS_OF_AWS):.2f} USD. A look at the dashboard reads "
        "Announce Job's log of the hours shown, as a query; saved queries cost nothing until they "
        "are run."
    )


def _text(line: str, indent: str = "") -> str:
    return textwrap.fill(
        line, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> int:
    jobs = recorded().get("cost")
    if not _LOAD.exists() or not jobs:
        print(
            f"Run `make load`, for {_LOAD}, and `python -m benchmarks.cost` first.", file=sys.stderr
        )
        return 1
    print("\n\n".join(page(Counts.read(json.loads(_LOAD.read_text())), jobs)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
