"""State machine versions and aliases: which definition an execution runs, and its link to them.

The engine keeps versions and aliases but runs every execution by the newest definition. AWS runs it
to its end by the one it was started with.
"""

import json
import random
from dataclasses import dataclass
from typing import Any

from local.shims import engine_module, symbol

_LINKS = ("stateMachineVersionArn", "stateMachineAliasArn")


@dataclass(frozen=True)
class Started:
    """What an ARN given to StartExecution stands for."""

    machine_arn: str
    definition: str
    role_arn: str
    version_arn: str | None
    alias_arn: str | None

    @property
    def links(self) -> dict[str, str]:
        """The execution's version and alias, under AWS's names; none for an unqualified start."""
        found = dict(zip(_LINKS, (self.version_arn, self.alias_arn), strict=True))
        return {name: arn for name, arn in found.items() if arn}


def resolve(arn: str) -> Started | None:
    """What to run for the ARN of a machine, a version or an alias. None: there is none such."""
    engine = engine_module("services.stepfunctions")
    alias = symbol(engine, "_state_machine_aliases").get(arn)
    version_arn = _routed(alias["routingConfiguration"]) if alias else arn
    version = symbol(engine, "_state_machine_versions").get(version_arn)
    machine = symbol(engine, "_state_machines").get(version["stateMachineArn"] if version else arn)
    if machine is None:
        return None
    told = version or machine
    return Started(
        machine["stateMachineArn"],
        told["definition"],
        told["roleArn"],
        version_arn if version else None,
        arn if alias else None,
    )


def _routed(routing: list[dict[str, Any]]) -> str:
    """One of an alias's versions, by their weights."""
    weights = [entry["weight"] for entry in routing]
    (chosen,) = random.choices(routing, weights)  # noqa: S311 - traffic is shared, no secret made
    return str(chosen["stateMachineVersionArn"])


def definition_of(record: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """(definition, role ARN) a running execution goes on by."""
    if "_definition" in record:
        return json.loads(record["_definition"]), record["_role_arn"]
    # Started by an engine that did not note it yet.
    engine = engine_module("services.stepfunctions")
    machine = symbol(engine, "_state_machines")[record["stateMachineArn"]]
    return json.loads(machine["definition"]), machine["roleArn"]


def linked(record: dict[str, Any]) -> dict[str, str]:
    return {name: record[name] for name in _LINKS if name in record}


def describe_execution(original: Any) -> Any:
    """DescribeExecution, which names the version and the alias it was started by."""

    def describe(request: dict[str, Any]) -> Any:
        status, headers, body = original(request)
        record = _executions().get(request.get("executionArn"))
        if record and linked(record):
            body = json.dumps(json.loads(body) | linked(record)).encode()
        return status, headers, body

    return describe


def list_executions(original: Any) -> Any:
    """ListExecutions, which takes a version's or an alias's ARN for a machine's."""

    def list_(request: dict[str, Any]) -> Any:
        asked = request.get("stateMachineArn")
        engine = engine_module("services.stepfunctions")
        if asked is None or asked in symbol(engine, "_state_machines") or not resolve(asked):
            return original(request)
        status, headers, body = original(
            {**request, "stateMachineArn": asked.rpartition(":")[0], "maxResults": None}
        )
        found = [
            {**one, **linked(_executions()[one["executionArn"]])}
            for one in json.loads(body)["executions"]
            if asked in linked(_executions()[one["executionArn"]]).values()
        ]
        found = found[: request.get("maxResults") or None]
        return status, headers, json.dumps({"executions": found}).encode()

    return list_


def _executions() -> Any:
    return symbol(engine_module("services.stepfunctions"), "_executions")
