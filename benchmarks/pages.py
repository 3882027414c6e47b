"""`python -m benchmarks.pages`: recorded figures as tables of README.md and docs/performance.md.

Each stands between `<!-- figures: NAME -->` and `<!-- end -->`, and is written anew there.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.cases import Case
from benchmarks.figures import at_seams, shown
from benchmarks.record import recorded
from local.home import PROJECT

Row = dict[str, Any]
Latest = dict[str, Any]
PAGES = ("README.md", "docs/performance.md")
_PLACE = re.compile(r"(<!-- figures: ([a-z_]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_SECTIONS = {"stages": "job_vs_ffmpeg", "validation": "model_validation"}
"""Of tables that have another name."""
_MB = 1e6
_MODELLED_WIDTHS = (10, 100, 1000, 10_000)


def written(page: str, latest: Latest) -> str:
    """The page with the figures that were recorded; what was not stays as it is."""

    def filled(place: re.Match[str]) -> str:
        make = TABLES[place[2]]
        section = _SECTIONS.get(place[2], place[2])
        return f"{place[1]}{make(latest)}{place[3]}" if section in latest else place[0]

    return _PLACE.sub(filled, page)


def table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    """Of Markdown. The first column is words, the others are figures."""
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def job_vs_ffmpeg(latest: Latest) -> str:
    heads = (
        *("1080p30", "wall", "CPU", "bytes", "VMAF", "at seams"),
        *("job s", "ffmpeg s", "rounds"),
    )
    return _when(latest, "job_vs_ffmpeg") + table(heads, map(_pair, latest["job_vs_ffmpeg"]))


def stages(latest: Latest) -> str:
    rows = latest["job_vs_ffmpeg"]
    names = list(rows[0]["stages"])
    return table(
        ("seconds", *names, "chunks", "MB, a chunk", "MB, ffmpeg"),
        (
            (
                _case(row),
                *(f"{row['stages'][name]:.2f}" for name in names),
                f"{row['chunks']}",
                f"{row['chunk_peak_mb']:.0f}",
                f"{row['ffmpeg_peak_mb']:.0f}",
            )
            for row in rows
        ),
    )


def chunk_length(latest: Latest) -> str:
    heads = ("by bare ffmpeg", "chunks", "wall", "CPU", "bytes", "VMAF", "at seams")
    rows = latest["chunk_length"]
    return _when(latest, "chunk_length") + table(
        heads,
        (
            (
                f"{row['clip_s']} s, {row['preset']}, "
                + ("default" if row["asked_s"] is None else f"{row['asked_s']:g} s"),
                f"{row['chunks']} of {row['chunk_s']:g} s",
                shown(row, "wall_ratio"),
                shown(row, "cpu_ratio"),
                _percent(row["bytes_ratio"]),
                f"{row['vmaf_delta']:+.2f}",
                at_seams(row),
            )
            for row in rows
        ),
    )


def peers(latest: Latest) -> str:
    heads = ("peer", "wall ÷ job's", "wall s", "CPU s", "peak MB", "MB", "VMAF", "same picture")
    return _when(latest, "peers") + table(heads, map(_peer, latest["peers"]))


def stitch(latest: Latest) -> str:
    heads = (
        "parts",
        "stitch s",
        "÷ copy",
        "CPU s",
        "peak MB",
        "disk ÷ output",
        "read ÷ output",
        "checks",
    )
    return _when(latest, "stitch") + table(
        heads,
        (
            (
                row["case"],
                f"{row['wall_s']['median']:.1f}",
                f"{row['ratio']['median']:.2f}",
                f"{row['cpu_s']['median']:.1f}",
                f"{row['peak_mb']:.0f}",
                f"{row['disk_of_output']:.2f}",
                f"{row['read_of_output']:.2f}",
                f"{row['checks_share']:.0%}",
            )
            for row in latest["stitch"]
        ),
    )


def cold_start(latest: Latest) -> str:
    heads = ("function", "CPU ms", "without bytecode", "wall ms", "package MB", "with layers MB")
    return _when(latest, "cold_start") + table(
        heads,
        (
            (
                row["function"],
                f"{row['import_cpu_ms']:.0f} ({row['import_cpu_ms_min']:.0f})",
                f"{row['without_bytecode_cpu_ms']:.0f}",
                f"{row['import_ms']:.0f}",
                f"{row['package']['zipped_mb']:.2f}",
                f"{row['total_unzipped_mb']:.0f}",
            )
            for row in latest["cold_start"]
        ),
    )


def cost(latest: Latest) -> str:
    heads = ("job", "USD", "USD an output minute", "by what was seen")
    return _when(latest, "cost") + table(
        heads,
        (
            (
                row["job"],
                f"{row['usd']:.5f}",
                f"{minute:.4f}" if (minute := row["usd_per_output_minute"]) else "",
                f"{row['apart']:+.0%}",
            )
            for row in latest["cost"]
        ),
    )


def validation(latest: Latest) -> str:
    heads = ("chunks at once", "predicted s", "measured s", "error")
    return _when(latest, "model_validation") + table(
        heads,
        (
            (
                f"{row['width']}",
                f"{row['predicted_s']:.1f}",
                f"{row['measured_s']:.1f}",
                f"{row['error']:+.0%}",
            )
            for row in latest["model_validation"]
        ),
    )


def model(latest: Latest) -> str:
    """Seconds and USD by width, the chunks cut to fill it."""
    rows = [row for row in latest["model"] if row["chunks_cut"] == "to fill"]
    kinds = sorted({(row["height"], row["duration_s"]) for row in rows})
    at = {(row["height"], row["duration_s"], row["width"]): row for row in rows}
    heads = ("modelled: s, USD", *(f"{width:,} at once" for width in _MODELLED_WIDTHS))
    return table(
        heads,
        (
            (f"{length_s / 60:g} min of {height}p", *(_modelled(at, height, length_s)))
            for height, length_s in kinds
        ),
    )


TABLES: dict[str, Callable[[Latest], str]] = {
    each.__name__: each
    for each in (
        job_vs_ffmpeg,
        stages,
        chunk_length,
        peers,
        stitch,
        cold_start,
        cost,
        validation,
        model,
    )
}


def _when(latest: Latest, section: str) -> str:
    """A line on the machine."""
    here = latest["about"][section]
    return (
        f"Measured {here['measured_at'][:10]} on {here['cores']} cores ({here['processor']}),"
        f" {here['memory_gb']:.0f} GB; seconds are this machine's.\n\n"
    )


def _case(row: Row) -> str:
    return Case(row["clip_s"], row["preset"], row["outputs"], row["overlay"]).name


def _pair(row: Row) -> Sequence[str]:
    return (
        _case(row),
        shown(row, "wall_ratio"),
        shown(row, "cpu_ratio"),
        _percent(row["bytes_ratio"]),
        f"{row['vmaf_delta']:+.2f}",
        at_seams(row),
        f"{row['job_s']:.1f}",
        f"{row['ffmpeg_s']:.1f}",
        f"{row['rounds']}",
    )


def _peer(row: Row) -> Sequence[str]:
    named = f"{row['system']}, {row['contest']}, {row['clip_s']} s"
    if "missing" in row:
        return (named, "not run", *[""] * 6)
    return (
        named,
        shown(row, "wall_ratio"),
        f"{row['wall_s']:.1f}",
        f"{row['cpu_s']:.1f}",
        f"{row['peak_mb']:.0f}",
        f"{row['size_bytes'] / _MB:.1f}",
        f"{row['vmaf']:.1f}",
        "yes" if row["same_picture"] else "NO",
    )


def _modelled(at: dict[tuple[int, float, int], Row], height: int, length_s: float) -> Iterator[str]:
    for width in _MODELLED_WIDTHS:
        row = at[height, length_s, width]
        yield f"{row['wall_s']:.0f}, {row['usd']:.3f}"


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.1f} %"


def main() -> int:
    latest = recorded()
    for name in PAGES:
        page = PROJECT / name
        page.write_text(written(page.read_text("utf-8"), latest), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
