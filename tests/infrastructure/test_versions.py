"""What a deploy gives to new executions, and keeps for those that run."""

import re
from typing import Any

import pytest

from tests.infrastructure.synthesis import FOLDERS, OUTSIDE_THE_MACHINE, PINNED, Synthesis, plain

KEPT = ("RetainExceptOnCreate", "Retain")


def named(stack: Synthesis) -> dict[str, Any]:
    """What the definition calls, by folder."""
    machine = stack.only("AWS::StepFunctions::StateMachine")
    given = machine["DefinitionSubstitutions"]
    return {
        re.sub(r"(?<!^)(?=[A-Z])", "_", name.removesuffix("FunctionArn")).lower(): value
        for name, value in given.items()
        if name.endswith("FunctionArn")
    }


def versions(stack: Synthesis) -> dict[str, Any]:
    """The published versions by the logical id of their function."""
    return {
        found["Properties"]["FunctionName"]["Ref"]: (name, found)
        for name, found in stack.of_type("AWS::Lambda::Version").items()
    }


def test_executions_keep_the_functions_that_make_files_and_no_others(stack: Synthesis) -> None:
    called = named(stack)
    assert set(called) == set(FOLDERS) - OUTSIDE_THE_MACHINE
    published = {name for name, _ in versions(stack).values()}
    assert {folder for folder, arn in called.items() if arn.get("Ref") in published} == PINNED


def test_old_versions_are_kept_for_what_runs_by_them(stack: Synthesis) -> None:
    machine_versions = stack.of_type("AWS::StepFunctions::StateMachineVersion").values()
    kept = [*machine_versions, *(found for _, found in versions(stack).values())]
    assert len(kept) == len(PINNED) + 1
    assert {(one["DeletionPolicy"], one["UpdateReplacePolicy"]) for one in kept} == {KEPT}


def test_the_alias_names_the_version_of_this_definition(stack: Synthesis) -> None:
    version = stack.only("AWS::StepFunctions::StateMachineVersion")
    assert plain(version["StateMachineArn"]) == "RenderMachine"
    assert plain(version["StateMachineRevisionId"]) == "RenderMachine.StateMachineRevisionId"
    (route,) = stack.only("AWS::StepFunctions::StateMachineAlias")["RoutingConfiguration"]
    assert (plain(route["StateMachineVersionArn"]), route["Weight"]) == (
        "RenderMachineVersion",
        100,
    )


def test_all_who_start_jobs_are_told_the_alias(stack: Synthesis) -> None:
    told = stack.template["Outputs"]["StateMachineArn"]["Value"]
    assert plain(told) == plain(stack.only("AWS::Pipes::Pipe")["Target"])
    assert plain(told) == "RenderMachineCurrent"


@pytest.mark.parametrize("folder", sorted(PINNED))
def test_another_setting_is_another_version(stack: Synthesis, own: Synthesis, folder: str) -> None:
    ours, theirs = (named(one)[folder]["Ref"] for one in (stack, own))
    function = "".join(word.capitalize() for word in folder.split("_")) + "Function"
    assert ours.startswith(function)
    assert theirs.startswith(function)
    # One stack has its functions in a VPC.
    assert ours != theirs
