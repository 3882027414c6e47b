"""Calibration runs of a machine made by hand, whose costs are known."""

from dataclasses import replace
from typing import Any

from benchmarks.model.measured import Measured, Run

FRAME_CPU_S, CHUNK_CPU_S = 0.05, 0.4
DESK = {"Claim Job": 0.1, "Wait For Turn": 0.1, "Plan Render": 0.5, "Finish Job": 0.1}


def run(kind: str, chunks: list[int], width: int = 1, *, busy: float = 1.0, **more: Any) -> Run:
    """As a machine of two cores would have measured it, where a chunk uses one of them."""
    items_s = [CHUNK_CPU_S + frames * FRAME_CPU_S for frames in chunks]
    megabytes = sum(chunks) / 100
    stitch_s = 0.2 + 0.01 * megabytes + 0.005 * len(chunks)
    seconds = sum(chunks) / 30
    plain: dict[str, Any] = {
        "kind": kind,
        "height": 1080,
        "width": width,
        "seconds": seconds,
        "chunk_frames": chunks,
        "wall_s": 0.0,
        "start_s": 0.3,
        "states_s": {
            **DESK,
            "Render Chunks": sum(items_s) * busy / width + 0.2 + 0.05 * len(chunks),
            "Assemble Render": stitch_s,
        },
        "items_s": items_s,
        "cpu_s": {
            "render_chunk": sum(items_s) * busy,
            "render_audio": 0.1 + 0.02 * seconds,
            "assemble_render": stitch_s / 2,
            "take_snapshots": 0.8,
            "claim_job": 0.05,
        },
        "output_bytes": round(megabytes * 1e6),
        "source_bytes": round(seconds * 1e6),
        "peak_mb": {"render_chunk": 600},
    }
    return Run(**{**plain, **more})


def calibrated() -> Measured:
    cold = run("cold", [30])
    first = {name: spent + 0.5 for name, spent in cold.cpu_s.items()}
    runs = [
        replace(cold, items_s=[cold.items_s[0] + 0.7], cpu_s=first),
        run("warm", [30]),
        run("many", [30] * 20),
        run("large", [150] * 4, output_bytes=300_000_000),
        run("fine", [150] * 4),
        run("coarse", [600]),
        run("busy", [150] * 4, 2, busy=1.25),
    ]
    # Whole numbers of MB and parts lie on one plane but for this one.
    runs[3].states_s["Assemble Render"] = 0.2 + 0.01 * 300 + 0.005 * 4
    threads = [
        {"threads": 1, "cpu_s": 10.0, "wall_s": 8.0},
        {"threads": 2, "cpu_s": 10.5, "wall_s": 6.0},
    ]
    layers = {"ffmpeg": 120.0, "python": 20.0, "probe": 90.0}
    return Measured.fitted(runs, cores=2, threads=threads, layers_mb=layers)
