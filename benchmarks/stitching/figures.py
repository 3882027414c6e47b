"""What the rounds of one case say, and the picture of all."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.record import RESULTS, Row

PLOT = RESULTS / "stitch.svg"
CHECKS = ("check_parts", "verify_tables", "digest_parts", "read_back")
"""What would not be done if everything were believed."""
_COLOURS = {"stitch": "#33658a", "copy": "#c7c7c7"}


@dataclass(frozen=True)
class Case:
    """A job to assemble."""

    parts: int
    part_mb: float
    container: str
    network: str
    """`loopback`, or `function`: paced and late, as a function's is."""

    @property
    def name(self) -> str:
        return f"{self.parts}x{self.part_mb:g}MB,{self.container},{self.network}"


@dataclass(frozen=True)
class Round:
    """One turn of each, as the measured process told of itself."""

    stitch: Mapping[str, Any]
    copy: Mapping[str, Any]

    @property
    def ratio(self) -> float:
        return float(self.stitch["wall_s"] / self.copy["wall_s"])


def row(case: Case, rounds: Sequence[Round], traced: Mapping[str, Any], part_bytes: int) -> Row:
    """The case's figures: medians with their ranges, the most of what is a peak."""
    first = rounds[0].stitch
    counted = first["counted"]
    return {
        "case": case.name,
        "parts": case.parts,
        "part_bytes": part_bytes,
        "container": case.container,
        "network": case.network,
        "frames": first["frames"],
        "output_bytes": first["bytes"],
        "wall_s": _spread([one.stitch["wall_s"] for one in rounds]),
        "copy_s": _spread([one.copy["wall_s"] for one in rounds]),
        "ratio": _spread([one.ratio for one in rounds]),
        "cpu_s": _spread([one.stitch["cpu_s"] for one in rounds]),
        "copy_cpu_s": _spread([one.copy["cpu_s"] for one in rounds]),
        "peak_mb": max(one.stitch["peak_mb"] for one in rounds),
        "peak_child_mb": max(one.stitch["peak_child_mb"] for one in rounds),
        "before_mb": first["before_mb"],
        "disk_of_output": max(one.stitch["peak_disk_bytes"] for one in rounds) / first["bytes"],
        "requests": counted["requests"],
        "copy_requests": rounds[0].copy["counted"]["requests"],
        "read_of_output": counted["bytes_read"] / first["bytes"],
        "written_of_output": counted["bytes_written"] / first["bytes"],
        "spent_s": {name: round(spent, 4) for name, spent in traced["spent_s"].items()},
        "checks_share": checks_share(traced),
    }


def checks_share(traced: Mapping[str, Any]) -> float:
    """Of the wall time; it is an upper bound where other threads do some of it meanwhile."""
    spent = traced["spent_s"]
    return float(sum(spent.get(name, 0.0) for name in CHECKS) / traced["wall_s"])


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), 4),
        "min": round(min(values), 4),
        "max": round(max(values), 4),
    }


def draw(rows: Sequence[Row]) -> None:
    """Seconds of stitch and copy, a panel a network."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to load, and only a run draws

    mpl.use("svg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    mpl.rcParams.update({"svg.hashsalt": "stitch", "font.size": 11})
    networks = list(dict.fromkeys(row["network"] for row in rows))
    figure, panels = plt.subplots(
        1, len(networks), figsize=(6.2 * len(networks), 4), squeeze=False, layout="constrained"
    )
    titles = {"loopback": "over loopback (measured)", "function": "625 Mbit/s, 50 ms (emulated)"}
    for panel, network in zip(panels[0], networks, strict=True):
        shown = [row for row in rows if row["network"] == network]
        places = range(len(shown))
        for shift, name, key in ((-0.2, "stitch", "wall_s"), (0.2, "copy", "copy_s")):
            panel.bar(
                [place + shift for place in places],
                [row[key]["median"] for row in shown],
                width=0.38,
                color=_COLOURS[name],
                label={"stitch": "stitch, with every check", "copy": "only moving the bytes"}[name],
            )
        panel.set_xticks(list(places), [_label(row) for row in shown], fontsize=10)
        panel.set_ylim(top=1.25 * panel.get_ylim()[1])
        panel.set_title(titles[network], fontsize=12)
        panel.set_ylabel("seconds")
        panel.spines[["top", "right"]].set_visible(False)
    panels[0][0].legend(frameon=False)
    figure.suptitle("Assembling a job's parts", fontsize=13)
    RESULTS.mkdir(parents=True, exist_ok=True)
    figure.savefig(PLOT, metadata={"Date": None})
    plt.close(figure)


def _label(row: Row) -> str:
    size = f"{row['output_bytes'] / 1e9:.2g} GB"
    return f"{row['parts']:,} parts\n{size} {row['container']}"
