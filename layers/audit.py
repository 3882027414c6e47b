"""Ask the advisory databases about every locked package, of Python and of npm.

    python -m layers.audit --pip-audit build/audit/bin/pip-audit

Ends with 1 where a vulnerability is known, and with 2 where a database gave no answer about a
package: then nothing is known of it, which is not the same as nothing being wrong.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from layers.building import REQUIREMENTS, ROOT

TIMEOUT_S = 15
Run = Callable[[Sequence[str]], str]
"""Run a command and give its standard output, whatever its exit code: both tools end with 1 for a
vulnerability as for an error."""


@dataclass
class Audit:
    """What was found in one lock, and what could not be asked."""

    lock: str
    asked: int = 0
    found: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)


def python_lock(lock: Path, pip_audit: str, run: Run) -> Audit:
    """Each package is asked about; hashes are demanded, nothing is resolved or installed."""
    audit = Audit(lock.name)
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off"]
    output = ["--format", "json", "--timeout", str(TIMEOUT_S)]
    told = _json(run([pip_audit, "--requirement", str(lock), *options, *output]))
    if told is None:
        audit.unanswered.append("every package")
        return audit
    for package in told["dependencies"]:
        if "skip_reason" in package:
            audit.unanswered.append(package["name"])
            continue
        audit.asked += 1
        for known in package["vulns"]:
            mended = ", ".join(known["fix_versions"]) or "no version"
            audit.found.append(
                f"{package['name']} {package['version']}: {known['id']}, mended in {mended}"
            )
    return audit


def npm_lock(run: Run) -> Audit:
    audit = Audit("package-lock.json")
    told = _json(run(["npm", "audit", "--package-lock-only", "--json"]))
    if told is None or "vulnerabilities" not in told:
        audit.unanswered.append("every package")
        return audit
    audit.asked = told["metadata"]["dependencies"]["total"]
    for name, known in sorted(told["vulnerabilities"].items()):
        audit.found.append(f"{name} {known['range']}: {known['severity']}")
    return audit


def report(audits: Sequence[Audit], say: Callable[[str], None]) -> int:
    """Say what was found; the exit code."""
    for audit in audits:
        for line in audit.found:
            say(f"{audit.lock}: {line}")
        if audit.unanswered:
            say(
                f"{audit.lock}: NOT AUDITED: {', '.join(audit.unanswered)}. The advisory database "
                "gave no answer; try again where it can be reached."
            )
        if not audit.found and not audit.unanswered:
            say(f"{audit.lock}: nothing known against its {audit.asked} packages")
    if any(audit.found for audit in audits):
        return 1
    return 2 if any(audit.unanswered for audit in audits) else 0


def _json(output: str) -> Any:
    """None where a tool gave up before it had anything to tell."""
    try:
        return json.loads(output)
    except json.JSONDecodeError:
        return None


def _run(command: Sequence[str]) -> str:
    ended = subprocess.run(
        command, cwd=ROOT, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    # pip-audit says "no known vulnerabilities" of packages that it skipped.
    if not ended.stdout:
        print(ended.stderr, file=sys.stderr)
    return ended.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pip-audit", required=True, help="the program")
    asked = parser.parse_args()
    locks = sorted(REQUIREMENTS.glob("*.txt"))
    audits = [python_lock(lock, asked.pip_audit, _run) for lock in locks]
    return report([*audits, npm_lock(_run)], print)


if __name__ == "__main__":
    sys.exit(main())
