"""Deletes versions of a stack's state machine, and of its functions, that no job can need any more.

python -m reelwright.old_versions STACK [--dry-run]

A deploy keeps them for jobs that run (docs/upgrading.md).
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3

from reelwright.aws_calls import outputs_of, told

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_stepfunctions import SFNClient

_REDRIVABLE = timedelta(days=14)
_FUNCTION = re.compile(r"arn:[^\"\s]*?:function:[^\":\s]+:\d+")


@dataclass(frozen=True)
class Version:
    """One version of the state machine."""

    arn: str
    definition: str
    replaced_at: datetime | None
    """When the next one was published; None: it is the newest."""
    last_start: datetime | None
    """Of an execution by it."""

    @property
    def functions(self) -> set[str]:
        return set(_FUNCTION.findall(self.definition))

    def is_needed(self, now: datetime) -> bool:
        """An execution may run to its timeout, be redriven two weeks later, and run once more."""
        runs = timedelta(seconds=json.loads(self.definition)["TimeoutSeconds"])
        used = max(filter(None, (self.replaced_at, self.last_start)), default=now)
        return self.replaced_at is None or now < used + 2 * runs + _REDRIVABLE


def versions(states: "SFNClient", machine_arn: str) -> Iterator[Version]:
    """The newest first."""
    listed, token = [], ""
    while True:
        more = {"nextToken": token} if token else {}
        page = states.list_state_machine_versions(stateMachineArn=machine_arn, **more)  # type: ignore[arg-type]
        listed += page["stateMachineVersions"]
        if not (token := page.get("nextToken", "")):
            break
    listed.sort(key=lambda one: int(one["stateMachineVersionArn"].rpartition(":")[2]), reverse=True)
    replaced_at = None
    for one in listed:
        arn = one["stateMachineVersionArn"]
        definition = states.describe_state_machine(stateMachineArn=arn)["definition"]
        newest = states.list_executions(stateMachineArn=arn, maxResults=1)["executions"]
        yield Version(arn, definition, replaced_at, newest[0]["startDate"] if newest else None)
        replaced_at = one["creationDate"]


def old(states: "SFNClient", alias_arn: str, now: datetime) -> tuple[list[str], list[str]]:
    """ARNs of versions to delete: of the state machine, and of functions only those name."""
    machine_arn = alias_arn.rpartition(":")[0]
    routes = states.describe_state_machine_alias(stateMachineAliasArn=alias_arn)[
        "routingConfiguration"
    ]
    named = {route["stateMachineVersionArn"] for route in routes}
    found = list(versions(states, machine_arn))
    going = [one for one in found if one.arn not in named and not one.is_needed(now)]
    newest = states.describe_state_machine(stateMachineArn=machine_arn)["definition"]
    kept = set(_FUNCTION.findall(newest)).union(
        *(one.functions for one in found if one not in going)
    )
    gone: set[str] = set().union(*(one.functions for one in going))
    return [one.arn for one in going], sorted(gone - kept)


def delete(
    states: "SFNClient", functions: "LambdaClient", machines: list[str], calls: list[str]
) -> None:
    for arn in machines:
        states.delete_state_machine_version(stateMachineVersionArn=arn)
    for arn in calls:
        name, _, qualifier = arn.rpartition(":")
        functions.delete_function(FunctionName=name, Qualifier=qualifier)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("--dry-run", action="store_true", help="only say which")
    given = parser.parse_args()
    session = boto3.Session()
    states = session.client("stepfunctions")
    with told(f"versions of {given.stack} can't be looked up"):
        alias_arn = outputs_of(session, given.stack)["StateMachineArn"]
        machines, calls = old(states, alias_arn, datetime.now(UTC))
    for arn in (*machines, *calls):
        sys.stdout.write(f"{arn}\n")
    sys.stdout.write(f"{len(machines) + len(calls)} versions are needed by no job any more.\n")
    if not given.dry_run:
        with told("a version can't be deleted"):
            delete(states, session.client("lambda"), machines, calls)


if __name__ == "__main__":
    main()
