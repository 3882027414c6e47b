"""Gives new executions a function as it is now, as a deploy does: for tests and measurements.

The state machine calls published versions of the functions that make a job's files. A change of
such a function reaches no execution before it is published and a version of the machine names it.
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from local.embedded import EmbeddedAws

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_stepfunctions import SFNClient

Undo = Callable[[], None]


def release_all(aws: EmbeddedAws, stack: str) -> None:
    """Every function of an embedded stack, as it is now, for all executions to come."""
    cloudformation = aws.client("cloudformation")
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    found = [one for page in pages for one in page["StackResourceSummaries"]]
    named: dict[str, list[str]] = {}
    for one in found:
        named.setdefault(one["ResourceType"], []).append(one["PhysicalResourceId"])
    (alias_arn,) = named["AWS::StepFunctions::StateMachineAlias"]
    names = named["AWS::Lambda::Function"]
    release(aws.client("lambda"), aws.client("stepfunctions"), alias_arn, names)


@contextlib.contextmanager
def released(
    functions: "LambdaClient", states: "SFNClient", alias_arn: str, names: Iterable[str]
) -> Iterator[None]:
    """While it lasts, executions that are started call these functions as they are now."""
    undo = release(functions, states, alias_arn, names)
    try:
        yield
    finally:
        undo()


def release(
    functions: "LambdaClient", states: "SFNClient", alias_arn: str, names: Iterable[str]
) -> Undo:
    """Publish these functions and a machine that calls them, and move the alias to it.

    Functions the machine calls unqualified need none of it. Returns what puts machine and alias
    back; the versions stay, for executions that run by them.
    """
    machine_arn = alias_arn.rpartition(":")[0]
    before = states.describe_state_machine(stateMachineArn=machine_arn)["definition"]
    definition = before
    for name in names:
        pinned = re.compile(rf"(:function:{re.escape(name)}):\d+")
        if pinned.search(before):
            version = functions.publish_version(FunctionName=name)["Version"]
            functions.get_waiter("published_version_active").wait(
                FunctionName=name, Qualifier=version, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
            )
            definition = pinned.sub(rf"\1:{version}", definition)
    if definition == before:
        return lambda: None
    routes = states.describe_state_machine_alias(stateMachineAliasArn=alias_arn)
    released_arn = states.update_state_machine(
        stateMachineArn=machine_arn, definition=definition, publish=True
    )["stateMachineVersionArn"]
    states.update_state_machine_alias(
        stateMachineAliasArn=alias_arn,
        routingConfiguration=[{"stateMachineVersionArn": released_arn, "weight": 100}],
    )

    def undo() -> None:
        states.update_state_machine_alias(
            stateMachineAliasArn=alias_arn, routingConfiguration=routes["routingConfiguration"]
        )
        states.update_state_machine(stateMachineArn=machine_arn, definition=before)

    return undo
