"""Alarms, dashboard and saved queries speak of what is there, and of all that is measured."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.load.cost_page import ALARM_METRICS, ALARM_METRICS_OF_AWS
from functions.shared.metrics import DIMENSION, NAMESPACE, UNITS
from infrastructure.stage import Stage
from tests.infrastructure.conftest import Synthesize
from tests.infrastructure.synthesis import FOLDERS, Resource, Synthesis, plain

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = ROOT / "docs" / "operations.md"
OF_AWS = {
    "LostMessages",
    "MissedEnds",
    "MissedEvents",
    "UndeliveredWebhooks",
    "LateEvents",
    "OldestMessage",
    "Throttles",
}
OF_OURS = {"FailedJobs", "TurnsHeld", "Repairs"}
EMITTED = re.compile(r'"(%s)"' % "|".join(UNITS))


@pytest.fixture(scope="session")
def bare(synthesize: Synthesize) -> Synthesis:
    """A stage that has no use for metrics of its own."""
    return synthesize(dashboard="false")


def alarms(stack: Synthesis) -> dict[str, Resource]:
    found = stack.of_type("AWS::CloudWatch::Alarm")
    named = {plain({"Ref": name}): alarm["Properties"] for name, alarm in found.items()}
    return {name.removeprefix("Alerts"): alarm for name, alarm in named.items()}


def body(stack: Synthesis) -> Any:
    """The dashboard as CloudWatch reads it, references put as logical ids."""
    return json.loads(plain(stack.only("AWS::CloudWatch::Dashboard")["DashboardBody"]))


def in_alarms(stack: Synthesis) -> Iterator[tuple[str, str]]:
    """(namespace, name) of every metric that an alarm looks at."""
    for alarm in alarms(stack).values():
        for one in alarm.get("Metrics", [{"MetricStat": {"Metric": alarm}}]):
            if "MetricStat" in one:
                metric = one["MetricStat"]["Metric"]
                yield metric["Namespace"], metric["MetricName"]


def in_widgets(stack: Synthesis) -> Iterator[list[Any]]:
    for widget in body(stack)["widgets"]:
        for metric in widget["properties"].get("metrics", []):
            if not isinstance(metric[0], dict):
                yield metric


def of_ours(stack: Synthesis) -> set[str]:
    shown = {metric[1] for metric in in_widgets(stack) if metric[0] == NAMESPACE}
    return shown | {name for namespace, name in in_alarms(stack) if namespace == NAMESPACE}


def test_every_metric_of_ours_is_shown_or_alarmed_on_and_no_other(stack: Synthesis) -> None:
    assert of_ours(stack) == set(UNITS)


def test_every_metric_of_ours_is_said_by_a_function(stack: Synthesis) -> None:
    """By those, and those only, that are told whose metrics they are."""
    told = {
        folder: function["Environment"]["Variables"].get("METRICS_STACK")
        for folder, function in stack.functions().items()
    }
    emitting = {folder for folder, name in told.items() if name == "Reelwright"}
    said = {
        folder: set(EMITTED.findall(path.read_text()))
        for folder in FOLDERS
        for path in (ROOT / "functions" / folder).glob("*.py")
        if EMITTED.search(path.read_text())
    }
    assert set(said) == emitting == {"announce_job", "reconcile_jobs"}
    assert {
        name
        for folder in emitting
        for path in (ROOT / "functions" / folder).glob("*.py")
        for name in EMITTED.findall(path.read_text())
    } == set(UNITS)


def test_metrics_are_asked_for_as_they_are_sent(stack: Synthesis) -> None:
    asked = [metric[2:4] for metric in in_widgets(stack) if metric[0] == NAMESPACE]
    assert asked
    assert all(found == [DIMENSION, "Reelwright"] for found in asked)
    for alarm in alarms(stack).values():
        for one in alarm.get("Metrics", [{"MetricStat": {"Metric": alarm}}]):
            metric = one.get("MetricStat", {}).get("Metric", {})
            if metric.get("Namespace") == NAMESPACE:
                assert metric["Dimensions"] == [{"Name": DIMENSION, "Value": "Reelwright"}]


@pytest.mark.aws("alarms")
def test_what_is_lost_late_or_failing_is_told_and_the_runbook_knows_it(
    stack: Synthesis, own: Synthesis
) -> None:
    assert set(alarms(stack)) == OF_AWS | OF_OURS
    assert set(alarms(own)) >= OF_AWS | OF_OURS
    runbook = RUNBOOK.read_text()
    for name, alarm in alarms(own).items():
        assert [plain(action) for action in alarm["AlarmActions"]] == ["Alerts"]
        assert f"| `{name}` |" in runbook, f"{name} has no row among docs/operations.md's alarms"
        assert alarm["AlarmDescription"].endswith(f"docs/operations.md, {name}.")


def test_queues_of_what_was_given_up_all_have_an_alarm(stack: Synthesis) -> None:
    watched = {
        plain(alarm["Dimensions"][0]["Value"]).split(".")[0]
        for alarm in alarms(stack).values()
        if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible"
    }
    assert watched == {
        "JobQueueDeadLetters",
        "EndedExecutionsMissed",
        "AnnouncingMissed",
        "WebhooksDeadLetters",
    }


def test_a_turn_is_held_too_long_only_after_the_time_a_job_has(stack: Synthesis) -> None:
    held = alarms(stack)["TurnsHeld"]
    assert held["Threshold"] > Stage().job_timeout_s
    # A reconciler that does not run says nothing, which must not look well.
    assert held["TreatMissingData"] == "breaching"


def test_without_a_dashboard_nothing_of_ours_is_left_and_aws_s_alarms_stay(
    bare: Synthesis,
) -> None:
    assert bare.of_type("AWS::CloudWatch::Dashboard") == {}
    assert set(alarms(bare)) == OF_AWS
    assert {namespace for namespace, _ in in_alarms(bare)} == {"AWS/SQS", "AWS/Lambda"}
    for function in bare.functions().values():
        assert "METRICS_STACK" not in function["Environment"]["Variables"]
    assert bare.of_type("AWS::Logs::QueryDefinition")


def test_the_dashboard_is_within_the_free_ones(stack: Synthesis) -> None:
    """Fifty metrics, of which an expression has several."""
    assert len(list(in_widgets(stack))) <= 50
    assert len(UNITS) <= 10


def test_the_docs_tell_how_many_are_paid_for(stack: Synthesis, bare: Synthesis) -> None:
    assert len(list(in_alarms(stack))) == ALARM_METRICS
    assert len(list(in_alarms(bare))) == ALARM_METRICS_OF_AWS
    told = (ROOT / "docs" / "costs.md").read_text()
    assert f"| alarms on {ALARM_METRICS} metrics |" in told
    assert f"| {len(UNITS)} metrics of its own |" in told


def test_what_is_drawn_and_asked_is_there(stack: Synthesis) -> None:
    groups = {plain({"Ref": name}) for name in stack.of_type("AWS::Logs::LogGroup")}
    for query in stack.of_type("AWS::Logs::QueryDefinition").values():
        asked = {plain(group) for group in query["Properties"]["LogGroupNames"]}
        assert asked
        assert asked <= groups
        assert query["Properties"]["Name"].startswith("Reelwright/")
    (failures,) = (
        widget["properties"] for widget in body(stack)["widgets"] if widget["type"] == "log"
    )
    assert "SOURCE 'AnnounceJobFunctionLog'" in failures["query"]


def test_every_log_is_kept_for_as_long_as_the_stage_says(stack: Synthesis) -> None:
    for group in stack.of_type("AWS::Logs::LogGroup").values():
        assert group["Properties"]["RetentionInDays"] == 30


def test_the_runbook_names_graphs_queries_and_tests_that_are_there(stack: Synthesis) -> None:
    runbook = RUNBOOK.read_text()
    queries = {
        query["Properties"]["Name"].removeprefix("Reelwright/")
        for query in stack.of_type("AWS::Logs::QueryDefinition").values()
    }
    titles = {widget["properties"]["title"] for widget in body(stack)["widgets"]}
    named = {" ".join(name.split()) for name in re.findall(r"\*([A-Z][^*]+)\*(?!\*)", runbook)}
    assert queries <= named
    for name in named:
        assert any(there.startswith(name) for there in {*queries, *titles, *UNITS}), name
    tests = re.findall(r"`(test_\w+\.py)::(test_\w+)`", runbook)
    assert len(tests) == len(set(tests)) == 9
    for module, test in tests:
        assert f"def {test}(" in (ROOT / "tests" / "integration" / module).read_text()
