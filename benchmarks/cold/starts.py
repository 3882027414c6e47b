"""Fresh processes that import a handler, and what they took."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cold.packages import Function
from local.home import REGION

_MOST_NAMED = 12
_LOOKS = 5
_LINE = re.compile(r"import time: +(\d+) \| +(\d+) \| +([\w.]+)$")
_CLIENTS = (
    "jobs_table",
    "media_store",
    "submissions",
    "answers",
    "executions",
    "sqs",
    "events",
    "secrets_manager",
    "lambdas",
)
"""Of what handlers take from `functions.shared.runtime`, what makes a client."""
_MEASURE = f"""
import awslambdaric.__main__, json, sys, time
known, wall, cpu = len(sys.modules), time.perf_counter(), time.process_time()
import functions.NAME.handler as handler
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
modules, begun = len(sys.modules) - known, time.process_time()
for name in {_CLIENTS}:
    if hasattr(handler, name):
        getattr(handler, name)()
clients = time.process_time() - begun
print(json.dumps([wall * 1000, cpu * 1000, clients * 1000, modules]))
"""


@dataclass(frozen=True)
class Start:
    """One process: the import, and then the clients that its first call would make."""

    wall_ms: float
    cpu_ms: float
    clients_cpu_ms: float
    modules: int
    """Beyond those of Lambda's own runtime client."""


def start(function: Function, runtime: Path) -> Start:
    code = _MEASURE.replace("NAME", function.name)
    wall_ms, cpu_ms, clients_cpu_ms, modules = json.loads(
        _run(function, runtime, "-c", code).stdout
    )
    return Start(wall_ms, cpu_ms, clients_cpu_ms, modules)


def heaviest(function: Function, runtime: Path) -> list[dict[str, Any]]:
    """The imports that take most, by Python's `-X importtime`, which itself takes time: of the
    quietest of some processes."""
    code = f"import awslambdaric.__main__; import functions.{function.name}.handler"
    told = [
        imports(_run(function, runtime, "-X", "importtime", "-c", code).stderr)
        for _ in range(_LOOKS)
    ]
    return min(told, key=lambda rows: sum(row["self_ms"] for row in rows))[:_MOST_NAMED]


def imports(told: str) -> list[dict[str, Any]]:
    """Heaviest first, each with all that it was the first to import; what is ours counts for its
    own time only."""
    rows = []
    for found in filter(None, map(_LINE.match, told.splitlines())):
        own_ms, total_ms = int(found[1]) / 1000, int(found[2]) / 1000
        if not found[3].startswith("awslambdaric"):
            counted = own_ms if found[3].startswith("functions.") else total_ms
            rows.append({"module": found[3], "self_ms": own_ms, "cumulative_ms": counted})
    return sorted(rows, key=lambda row: -row["cumulative_ms"])


def without_bytecode(functions: Sequence[Function], folder: Path) -> list[Function]:
    """The same functions, their modules to be compiled at each start."""
    places: dict[Path, Path] = {}
    for root in {root for function in functions for root in function.roots}:
        places[root] = folder / root.name
        # What is no Python is not imported: of ffmpeg's layer nothing is needed.
        if (root / "python").is_dir() or (root / "functions").is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(root, places[root], ignore=ignored)
    return [function.at(places) for function in functions]


def _run(function: Function, runtime: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    layers = (path / "python" for path in function.layers.values())
    return subprocess.run(
        [sys.executable, "-s", "-S", "-P", *arguments],
        env={
            **function.settings,
            "AWS_ACCESS_KEY_ID": "unused",
            "AWS_SECRET_ACCESS_KEY": "unused",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:0",  # nothing asks there
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join(map(str, (function.code, *layers, runtime))),
        },
        capture_output=True,
        text=True,
        check=True,
    )
