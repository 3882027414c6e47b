"""Known vulnerabilities stop an audit, and so does a database that does not answer."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from layers.audit import Audit, npm_lock, python_lock, report

LOCK = Path("requirements/functions.txt")
CLEAN = {"name": "six", "version": "1.17.0", "vulns": []}
KNOWN = {
    "name": "urllib3",
    "version": "1.0",
    "vulns": [{"id": "CVE-2026-1", "fix_versions": ["2.0"]}],
}
SKIPPED = {"name": "botocore", "skip_reason": "Dependency not found and could not be audited"}
"""What pip-audit tells, and ends with 0, where its index has no such page."""
METADATA = {"dependencies": {"total": 38}}
REFUSED = '{"message": "405 Method Not Allowed", "statusCode": 405}'
"""What npm prints where its registry does not answer audits."""


def answering(answer: str) -> Any:
    def run(command: Sequence[str]) -> str:
        assert command
        return answer

    return run


def python_audit(*packages: dict[str, Any]) -> Audit:
    return python_lock(LOCK, "pip-audit", answering(json.dumps({"dependencies": packages})))


def said(*audits: Audit) -> tuple[int, str]:
    lines: list[str] = []
    code = report(audits, lines.append)
    return code, "\n".join(lines)


def test_nothing_known_is_said_with_the_number_asked_about() -> None:
    assert said(python_audit(CLEAN)) == (
        0,
        "functions.txt: nothing known against its 1 packages",
    )


def test_a_vulnerability_is_told_with_its_mending() -> None:
    code, text = said(python_audit(CLEAN, KNOWN))

    assert (code, text) == (1, "functions.txt: urllib3 1.0: CVE-2026-1, mended in 2.0")


def test_a_package_that_was_skipped_is_no_clean_one() -> None:
    code, text = said(python_audit(CLEAN, SKIPPED))

    assert code == 2
    assert "NOT AUDITED: botocore. The advisory database gave no answer" in text
    assert "nothing known" not in text


@pytest.mark.parametrize("output", ["", "ConnectionError: no route"])
def test_without_a_network_it_is_said_plainly(output: str) -> None:
    code, text = said(python_lock(LOCK, "pip-audit", answering(output)))

    assert (code, "NOT AUDITED: every package" in text) == (2, True)


def test_what_is_known_counts_more_than_what_is_not() -> None:
    assert said(python_audit(KNOWN, SKIPPED))[0] == 1


def test_npms_are_asked_about_too() -> None:
    bad = {"semver": {"range": "<7.5.2", "severity": "high"}}
    found = npm_lock(answering(json.dumps({"vulnerabilities": bad, "metadata": METADATA})))
    clean = npm_lock(answering(json.dumps({"vulnerabilities": {}, "metadata": METADATA})))

    assert said(found) == (1, "package-lock.json: semver <7.5.2: high")
    assert said(clean) == (0, "package-lock.json: nothing known against its 38 packages")


@pytest.mark.parametrize("output", ["", REFUSED])
def test_a_registry_that_does_not_answer_audits_nothing(output: str) -> None:
    assert said(npm_lock(answering(output)))[0] == 2
