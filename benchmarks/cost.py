"""`python -m benchmarks.cost`: what jobs cost, by their own account and by what was seen of them.

Each job's `cost` in its record is held against requests that a proxy counted, state transitions and
calls of the execution's history, all at the same list prices. Nothing is billed: the embedded AWS
makes the same requests as AWS would get, but a call takes as long as it takes on this machine.
"""

import argparse
import platform
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.costing.s3_wire import S3Call, S3Wire, count_s3
from benchmarks.costing.seen import desk_work, seen
from benchmarks.load.counting import CountingProxy, count_functions
from benchmarks.record import Row, record
from benchmarks.stack import complete, new_stack
from functions.shared.prices import PRICES_OF, REGION, Architecture
from functions.shared.receipts import receipts_of
from local.home import PROJECT
from reelwright.direct import DirectClient

BOUND = Decimal("0.25")
"""How far a job's own account may be from what was seen, of the sum of the items seen. A call
seems longer to the machine that waits for it: its process starts, and its answer travels."""
_STACK = "Reelwright"


def jobs(chunk_s: float) -> dict[str, dict[str, Any]]:
    """Requests by what they are."""
    pictures = {"count": 4, "widths": [320]}
    ladder = [{"name": f"{height}p", "height": height} for height in (270, 180, 90)]
    single = {"outputs": [{"name": "video"}]}
    return {
        "one output": {"render": single, "chunk_s": chunk_s},
        "one output, chunks half as long": {"render": single, "chunk_s": chunk_s / 2},
        "three outputs, pictures": {
            "render": {"outputs": ladder},
            "snapshots": pictures,
            "chunk_s": chunk_s,
        },
        "pictures alone": {"snapshots": pictures},
    }


def measure(
    name: str, request: dict[str, Any], client: DirectClient, wire: S3Wire, proxy: CountingProxy
) -> Row:
    before = len(wire.calls)
    job = complete(client, request)
    result = client.result(job)
    told: dict[str, Any] = result["cost"]
    own = {item: Decimal(str(usd)) for item, usd in told["items"].items()}
    s3 = wire.calls[before:]  # One job at a time, and nothing else asks through the wire.
    found = seen(client, job, s3, proxy.calls, _architecture())
    counted = sum((own[item] for item in found), Decimal(0))
    apart = counted / sum(found.values(), Decimal(0)) - 1
    film_s = sum(each["duration_s"] for each in result["outputs"])
    return {
        "job": name,
        "chunk_s": request.get("chunk_s"),
        "items": {item: float(usd) for item, usd in own.items()},
        "usd": told["usd"],
        "record_usd": float(job["cost_usd"]),
        "usd_per_output_minute": round(told["usd"] / film_s * 60, 6) if film_s else None,
        "storage_usd_per_month": told["storage_usd_per_month"],
        "seen": {item: float(round(usd, 8)) for item, usd in found.items()},
        "apart": float(round(apart, 4)),
        "reads_an_address": _reads_an_address(client, job["job_id"], s3),
        "desk": desk_work(job, proxy.calls),
    }


def _reads_an_address(client: DirectClient, job_id: str, s3: list[S3Call]) -> float | None:
    """What ffmpeg and the prober asked of the addresses that they were given, for each."""
    receipts, _ = receipts_of(client.store, job_id)
    given = sum(one.used.s3_addresses for one in receipts)
    return round(sum(call.is_presigned for call in s3) / given, 2) if given else None


def _architecture() -> Architecture:
    return "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"


def _show(rows: list[Row], console: Console) -> None:
    table = Table(title=f"What jobs cost, USD (list prices of {REGION}, {PRICES_OF})")
    table.add_column("")
    for row in rows:
        table.add_column(row["job"], justify="right")
    for item in rows[0]["items"]:
        shown = []
        for row in rows:
            seen_usd = row["seen"].get(item)
            beside = f" ({seen_usd:.6f})" if seen_usd is not None else ""
            shown.append(f"{row['items'][item]:.6f}{beside}")
        table.add_row(item.replace("_", " "), *shown)
    table.add_section()
    table.add_row("together", *(f"{row['usd']:.6f}" for row in rows))
    table.add_row("a minute of output", *(_or_none(row["usd_per_output_minute"]) for row in rows))
    table.add_row("its files, a month", *(f"{row['storage_usd_per_month']:.6f}" for row in rows))
    table.add_row("apart from what was seen", *(f"{row['apart']:+.1%}" for row in rows))
    console.print(table)
    console.print("In brackets: what was seen from outside.")


def _or_none(usd: float | None) -> str:
    return "" if usd is None else f"{usd:.6f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--assembly", type=Path, default=PROJECT / "build" / "cdk.local.out")
    parser.add_argument("--source", type=Path, default=PROJECT / "examples" / "clip.mp4")
    parser.add_argument("--chunk-s", type=float, default=4.0)
    given = parser.parse_args()
    console = Console()
    with (
        new_stack("cost", given.assembly) as (client, aws),
        S3Wire(aws.endpoint) as wire,
        CountingProxy(aws.endpoint) as proxy,
    ):
        count_functions(proxy, aws, _STACK)
        count_s3(wire, aws, _STACK)
        source = client.upload(given.source)
        rows = [
            measure(name, {"source": source, **request}, client, wire, proxy)
            for name, request in jobs(given.chunk_s).items()
        ]
    _show(rows, console)
    record(
        "cost",
        rows,
        prices_of=PRICES_OF,
        region=REGION,
        bound=float(BOUND),
        source=given.source.name,
    )
    faults = [fault for row in rows for fault in faults_of(row)]
    for fault in faults:
        console.print(f"[red]{fault}[/red]")
    return 1 if faults else 0


def faults_of(row: Row) -> list[str]:
    """What a job's account must hold and doesn't."""
    found = []
    if row["usd"] != row["record_usd"]:
        found.append(f"{row['job']}: result.json says {row['usd']}, the record {row['record_usd']}")
    if abs(row["apart"]) > BOUND:
        found.append(f"{row['job']}: {row['apart']:+.1%} from what was seen, more than {BOUND:.0%}")
    return found


if __name__ == "__main__":
    sys.exit(main())
