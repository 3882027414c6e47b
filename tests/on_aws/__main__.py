"""python -m tests.on_aws STACK [arguments of pytest]: the integration tests against a stack on AWS.

Looks the stack up first, and waits while it is being changed. Afterwards what the tests made is
removed and its cost told; what an earlier run left, because it was killed, is removed before.
"""

import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

import boto3

from functions.shared.cost import Buying
from reelwright.direct import DirectClient
from reelwright.errors import ReelwrightClientError
from tests.on_aws.cleaning import Cleaned, Cleaner
from tests.on_aws.journal import Journal
from tests.on_aws.lookup import Found, find, session_of_caller

ROOT = Path(__file__).resolve().parents[2]
NOTES = ROOT / "build" / "test-aws"
STACK, NOTED = "REELWRIGHT_STACK", "REELWRIGHT_JOURNAL"
CLEANING_FAILED, UNFIT = 1, 3


def main() -> int:
    parser = ArgumentParser(prog="make test-aws", description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("--clean-only", action="store_true", help="only what a killed run left")
    asked, more = parser.parse_known_args()
    try:
        session = session_of_caller()
        found = find(session, asked.stack, _say)
        _say(f"{found.name}, account {found.account}, {found.region}")
        journal = Journal(NOTES / f"{found.account}-{found.region}-{found.name}.jsonl")
        journal.path.parent.mkdir(parents=True, exist_ok=True)
        cleaner = cleaner_of(found, session)
        if journal.path.exists():
            _say("An earlier run was broken off: what it left is removed.")
            _tell(_cleaned(cleaner, journal))
        if asked.clean_only:
            return 0
        code = _tested(found.name, journal, more)
        cleaned = _cleaned(cleaner, journal)
    except ReelwrightClientError as error:
        sys.stderr.write(f"{error} {error.next_step}\n".replace(" \n", "\n"))
        return UNFIT
    _tell(cleaned)
    return code or (CLEANING_FAILED if cleaned.left else 0)


def cleaner_of(found: Found, session: boto3.Session) -> Cleaner:
    client = DirectClient.connect(found.outputs, session, None)
    variables: dict[str, str] = {}
    pages = session.client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=found.name):
        for one in page["StackResourceSummaries"]:
            if one["LogicalResourceId"].startswith(("HandleApiFunction", "FinishJobFunction")):
                if one["ResourceType"] != "AWS::Lambda::Function":
                    continue
                told = client.functions.get_function_configuration(
                    FunctionName=one["PhysicalResourceId"]
                )
                variables |= told["Environment"]["Variables"]
    buying = Buying.read(variables["CHUNK_EXECUTION_TYPE"], variables["PARTS_EXPIRE_DAYS"])
    return Cleaner(client, session, variables["SUBMISSIONS_TABLE"], buying)


def _tested(stack: str, journal: Journal, more: list[str]) -> int:
    """pytest's exit code. Ctrl-C ends the tests, not what follows on them."""
    command = [sys.executable, "-m", "pytest", "tests/integration", *more]
    told = {**os.environ, STACK: stack, NOTED: str(journal.path)}
    with subprocess.Popen(command, cwd=ROOT, env=told) as tests:
        try:
            return tests.wait()
        except KeyboardInterrupt:
            return tests.wait() or 130


def _cleaned(cleaner: Cleaner, journal: Journal) -> Cleaned:
    """The notes go when all they name is gone."""
    cleaned = cleaner.clean(journal)
    if not cleaned.left:
        journal.path.unlink(missing_ok=True)
    return cleaned


def _tell(cleaned: Cleaned) -> None:
    for line in cleaned.costs.lines():
        _say(line)
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(cleaned.removed.items()))
    _say(
        f"Removed: {counts or 'nothing'}. AWS keeps histories of executions for 90 days, and logs."
    )
    for line in cleaned.left:
        _say(f"LEFT: {line}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
