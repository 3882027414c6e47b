"""`python -m benchmarks.load.cost_page > docs/costs.md` writes the page from build/load.json."""

import json
import sys
import textwrap
from collections.abc import Iterator

from benchmarks.load import prices
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
from local.home import PROJECT

_MEASURED = PROJECT / "build" / "load.json"
_BACKLOGS = (10, 100, 1000)
_UNITS_PAGE = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html"
)


def page(counts: Counts) -> Iterator[str]:
    """Paragraphs, lists and tables, each a block."""
    yield "# What it costs"
    yield _text(
        "Computed by `python -m benchmarks.load.cost_page` from what `make load` counted on the "
        "embedded AWS and from AWS's list prices in us-east-1, without free tiers. Nothing of it "
        "was billed."
    )
    yield from _waiting(counts)
    yield from _machinery(counts)
    yield "## What this leaves out"
    left_out = (
        "Rendering, and every other function's time: Lambda is in it only for waiting.",
        "KMS requests, logs, S3's requests and storage, and what an idle stack costs (README).",
        "Where a row passes 1 kB, as with AWS's longer task tokens, each write of it is two units.",
        "Conflicts of transactions, which the embedded AWS does not have.",
    )
    yield "\n".join(_text(f"- {line}", "  ") for line in left_out)
    yield _text(
        f"Times are assumed: {DESK_S} s for a call of Request Turn, {LOOK_S} s for a look of the "
        f"reconciler at one job, both at {DESK_GB} GB."
    )
    yield "## Prices"
    yield _table(("USD", "AWS's page"), ((price.of, f"<{price.page}>") for price in prices.ALL))
    yield _text(
        "A write in a transaction is two units for each begun kB of an item, any other write one. "
        "A consistent read is one for each begun 4 kB, a scan by the sum of what it reads. A write "
        "whose condition does not hold is charged, too; that is taken to hold in transactions as "
        f"well. See [DynamoDB read and write operations]({_UNITS_PAGE})."
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


def _text(line: str, indent: str = "") -> str:
    return textwrap.fill(
        line, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> int:
    if not _MEASURED.exists():
        print(f"{_MEASURED} is not there: run `make load` first.", file=sys.stderr)
        return 1
    print("\n\n".join(page(Counts.read(json.loads(_MEASURED.read_text())))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
