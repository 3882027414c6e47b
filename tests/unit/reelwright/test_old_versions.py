"""Which versions go: those that no job can run by any more, and what only they called."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reelwright.old_versions import delete, old

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Render"
CHUNK = "arn:aws:lambda:eu-west-1:123456789012:function:RenderChunk"
NOW = datetime(2026, 11, 21, tzinfo=UTC)
RUNS = timedelta(days=7)
NEEDED = 2 * RUNS + timedelta(days=14)
"""After its last start an execution may run, be redriven two weeks after its end, and run again."""


def definition(chunk_version: int) -> str:
    called = {"FunctionName": f"{CHUNK}:{chunk_version}"}
    books = {"FunctionName": CHUNK.replace("RenderChunk", "ClaimJob")}
    return json.dumps({"TimeoutSeconds": RUNS.total_seconds(), "States": [called, books]})


class States:
    """A machine with versions 1, 2, … published so many days ago, a page each, and an alias."""

    def __init__(self, *days_ago: float, named: int, functions: list[int]) -> None:
        self.published = [NOW - timedelta(days=days) for days in days_ago]
        self.named = named
        self.functions = functions
        self.started: dict[str, datetime] = {}
        self.deleted: list[str] = []

    def list_state_machine_versions(self, stateMachineArn: str, nextToken: str = "1") -> Any:  # noqa: N803
        assert stateMachineArn == MACHINE
        number = int(nextToken)
        page = {
            "stateMachineVersions": [
                {
                    "stateMachineVersionArn": f"{MACHINE}:{number}",
                    "creationDate": self.published[number - 1],
                }
            ]
        }
        return page | ({"nextToken": str(number + 1)} if number < len(self.published) else {})

    def describe_state_machine(self, stateMachineArn: str) -> Any:  # noqa: N803
        last = stateMachineArn.rpartition(":")[2]
        return {"definition": definition(self.functions[int(last) - 1 if last.isdigit() else -1])}

    def list_executions(self, stateMachineArn: str, maxResults: int) -> Any:  # noqa: N803
        started = self.started.get(stateMachineArn)
        return {"executions": [{"startDate": started}] * maxResults if started else []}

    def describe_state_machine_alias(self, stateMachineAliasArn: str) -> Any:  # noqa: N803
        assert stateMachineAliasArn == f"{MACHINE}:current"
        version = f"{MACHINE}:{self.named}"
        return {"routingConfiguration": [{"stateMachineVersionArn": version, "weight": 100}]}

    def delete_state_machine_version(self, stateMachineVersionArn: str) -> None:  # noqa: N803
        self.deleted.append(stateMachineVersionArn)


def going(states: Any) -> tuple[list[str], list[str]]:
    machines, functions = old(states, f"{MACHINE}:current", NOW)
    return [arn.rpartition(":")[2] for arn in machines], [arn[len(CHUNK) :] for arn in functions]


@pytest.mark.parametrize(("replaced", "gone"), [(NEEDED - timedelta(hours=1), []), (NEEDED, ["1"])])
def test_a_version_stays_as_long_as_a_job_may_run_by_it(
    replaced: timedelta, gone: list[str]
) -> None:
    states = States(99, replaced.total_seconds() / 86_400, named=2, functions=[1, 2])
    assert going(states) == (gone, [f":{one}" for one in gone])


def test_what_the_alias_names_stays_and_so_does_the_newest() -> None:
    assert going(States(99, 98, 97, named=1, functions=[1, 2, 3])) == (["2"], [":2"])


def test_a_version_that_was_started_since_stays() -> None:
    states = States(99, 98, named=2, functions=[1, 2])
    states.started[f"{MACHINE}:1"] = NOW - timedelta(days=1)
    assert going(states) == ([], [])


def test_a_function_that_a_kept_version_calls_stays() -> None:
    assert going(States(99, 98, 97, named=3, functions=[1, 2, 2])) == (["2", "1"], [":1"])


def test_deleting_names_each_version() -> None:
    states = States(99, 98, named=2, functions=[1, 2])
    deleted: list[dict[str, str]] = []

    class Functions:
        def delete_function(self, **given: str) -> None:
            deleted.append(given)

    delete(states, Functions(), *old(states, f"{MACHINE}:current", NOW))  # type: ignore[arg-type]
    assert states.deleted == [f"{MACHINE}:1"]
    assert deleted == [{"FunctionName": CHUNK, "Qualifier": "1"}]
