"""The report of a run in the terminal."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.load.checks import by_key, out_of_order
from benchmarks.load.evidence import Evidence, Sent
from benchmarks.load.figures import Figures, Spread
from benchmarks.load.timeline import BLOCKS, LETTERS, timeline
from benchmarks.load.usage import Usage

COLUMNS = 100
_ENDS = ("COMPLETE", "FAILED", "REJECTED")


def make_console() -> Console:
    """Plain text of 100 columns where it is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=COLUMNS)


def show_ends(console: Console, run: Evidence) -> None:
    """What became of what was sent: a row for each order key, then for what disturbed them."""
    table = Table("", "sent", *_ENDS, "in order?", title="What became of the messages")
    disorder = " ".join(out_of_order(run.sent, run.rows))
    lanes = by_key(run.sent)
    first = [one for one in run.sent if one.message.kind in {"render", "failing"}]
    for key in lanes:
        in_order = "NO" if f"of {key}," in disorder else "yes"
        table.add_row(key, *_ended(run, [o for o in first if o.message.order_key == key]), in_order)
    table.add_row("no key", *_ended(run, [o for o in first if o.message.order_key is None]), "")
    for kind in ("duplicate", "taken id", "poison"):
        if those := [one for one in run.sent if one.message.kind == kind]:
            table.add_row(kind, *_ended(run, those), "")
    console.print(table)


def _ended(run: Evidence, sent: Sequence[Sent]) -> Iterable[str]:
    ends = Counter(run.rows.get(one.job_id, {}).get("status") for one in sent)
    return (str(len(sent)), *(str(ends[end] or "") for end in _ENDS))


def show_timeline(console: Console, run: Evidence) -> None:
    signs = BLOCKS if console.is_terminal else LETTERS
    columns = min(COLUMNS, console.width)
    for line in timeline(run, signs, columns):
        console.print(line, markup=False, no_wrap=True)
    console.print(f"{signs.waiting} waiting  {signs.some}{signs.rendering} rendering; A is 10\n")


def show_figures(console: Console, found: Figures) -> None:
    table = Table("figure", "of", "p50", "p95", "most", title="Figures")
    named: dict[str, Spread | None] = {
        "room made → next job's first state, s": found.grant_latency_s,
        "waiting for the turn, s": found.wait_s,
        "a turn, s": found.turn_s,
        "asking for the turn (function), s": found.asking_s,
        "state transitions of a rendered job": found.transitions,
        "state transitions of a repeat": found.transitions_of_repeats,
    }
    for name, spread in named.items():
        if spread:
            shown = (f"{value:g}" for value in (spread.p50, spread.p95, spread.most))
            table.add_row(name, str(spread.count), *shown)
    console.print(table)
    console.print(f"{found.jobs_per_minute:g} jobs a minute\n")


def show_writes(console: Console, own: tuple[int, Usage], granting: tuple[int, Usage]) -> None:
    """DynamoDB's writes of one job, by what they are for. Each comes as (jobs, for all of them)."""
    table = Table("function", "writes", "requests", "refused", "items", "units")
    table.title = f"DynamoDB writes a job, mean of {own[0]}; granting: of {granting[0]}"
    items = units = 0.0
    for jobs, used in (own, granting):
        for step in used.writes:
            numbers = (step.requests, step.refused, step.items, step.units)
            table.add_row(step.function, step.what, *(f"{n / jobs:.2f}" for n in numbers))
            items, units = items + step.items / jobs, units + step.units / jobs
    table.add_row("", "all", "", "", f"{items:.2f}", f"{units:.2f}")
    console.print(table)
