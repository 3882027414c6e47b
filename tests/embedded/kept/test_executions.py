"""What becomes of executions when the engine stops: those that wait for a token wait on, all others
end and say so."""

import json
import os
import pickle
import signal
import time
from threading import Thread
from typing import Any
from unittest.mock import Mock

import pytest

from local.embedded import EmbeddedAws
from local.shims import engine_module
from local.shims.kept_state import file
from local.step_functions import tokens
from local.step_functions import waiting as waiting_for
from local.step_functions.frame import Frame
from local.step_functions.restart import STOPPED, interrupted
from local.step_functions.scope import Scope
from tests.embedded.conftest import Bench, asking, call, eventually, unique
from tests.embedded.kept.conftest import restart
from tests.embedded.test_maps import distributed, given
from tests.embedded.test_status_events import Listener

HOLD = "import time\ndef handle(event, context): time.sleep(60)"


def waiting(bench: Bench, arn: str) -> bool:
    return bench.history(arn)[-1]["type"] == "TaskSubmitted"


def kinds(bench: Bench, arn: str) -> list[str]:
    return [event["type"] for event in bench.history(arn)]


def test_what_was_in_a_call_ends_and_its_event_reaches_the_rule(bench: Bench) -> None:
    machine = bench.machine({"Hold": call(bench.function(HOLD, timeout_s=60))})
    listener = Listener(bench, machine)
    arn = bench.start(machine, {"job": 1})
    eventually(lambda: "TaskStarted" in kinds(bench, arn))
    restart(bench.aws)
    execution = bench.execution(arn)
    assert (execution["status"], execution["error"]) == ("ABORTED", STOPPED)
    assert "was stopped while this execution ran" in execution["cause"]
    assert kinds(bench, arn)[-2:] == ["TaskStarted", "ExecutionAborted"]
    detail = listener.event("ABORTED")["detail"]
    assert (detail["executionArn"], detail["error"]) == (arn, STOPPED)
    assert detail["input"] == '{"job": 1}'


def test_what_has_ended_stays_as_it_was(bench: Bench) -> None:
    arn = bench.start(bench.machine({"Pass": {"Type": "Pass", "Output": {"n": 1}, "End": True}}))
    bench.end_of(arn)
    before, history = bench.execution(arn), bench.history(arn)
    restart(bench.aws)
    after = bench.execution(arn)
    assert {**after, "ResponseMetadata": 0} == {**before, "ResponseMetadata": 0}
    assert bench.history(arn) == history


def test_a_map_run_and_its_children_end_with_their_execution(bench: Bench) -> None:
    hold = bench.function(HOLD, timeout_s=60)
    arn = bench.start(
        bench.machine({"Map": distributed({"Hold": call(hold)}, MaxConcurrency=2)}),
        given(bench, [1, 2, 3]),
    )
    states = bench.client("stepfunctions")
    (run,) = eventually(lambda: states.list_map_runs(executionArn=arn)["mapRuns"] or None)

    def described() -> Any:
        return states.describe_map_run(mapRunArn=run["mapRunArn"])

    eventually(lambda: described()["executionCounts"]["running"] == 2)
    restart(bench.aws)
    counts = described()["executionCounts"]
    assert described()["status"] == "ABORTED"
    assert (counts["running"], counts["aborted"], counts["pending"]) == (0, 2, 1)
    children = states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert [child["status"] for child in children] == ["ABORTED", "ABORTED"]
    assert bench.execution(arn)["status"] == "ABORTED"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_waiting_state_waits_on_and_takes_its_answer(bench: Bench, when: str) -> None:
    queue, _ = bench.queue()
    states = {
        "Assign": {"Type": "Pass", "Assign": {"job": "j1"}, "Next": "Ask"},
        "Ask": asking(
            queue,
            TimeoutSeconds=600,
            Assign={"epoch": "{% $states.result.epoch %}"},
            Output={"had": "{% $states.input %}", "token": "{% $states.context.Task.Token %}"},
            Next="Tell",
        ),
        "Tell": {
            "Type": "Pass",
            "Output": {"got": "{% $states.input %}", "is": "{% [$job, $epoch] %}"},
            "End": True,
        },
    }
    machine = bench.machine(states)
    arn = bench.start(machine, {"n": 5})
    (token,) = bench.tokens(queue, 1)
    eventually(lambda: waiting(bench, arn))
    # It goes on by the definition it was started with.
    anew = {"QueryLanguage": "JSONata", "StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
    bench.client("stepfunctions").update_state_machine(
        stateMachineArn=machine, definition=json.dumps(anew)
    )
    if when == "after":
        restart(bench.aws)
        assert bench.execution(arn)["status"] == "RUNNING"
    client = bench.client("stepfunctions")
    client.send_task_success(taskToken=token, output='{"epoch": 3}')
    if when == "before":
        # At once: the answer was accepted, whether the execution has gone on or not.
        restart(bench.aws)
    ended = bench.end_of(arn)
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"]) == {
        "got": {"had": {"n": 5}, "token": token},
        "is": ["j1", 3],
    }
    seen = kinds(bench, arn)
    assert [seen.count(kind) for kind in ("TaskStateEntered", "TaskSubmitted")] == [1, 1]
    with pytest.raises(client.exceptions.TaskTimedOut):
        client.send_task_success(taskToken=token, output="{}")


def test_an_answer_is_kept_until_the_execution_has_gone_on() -> None:
    callback, record = (
        tokens.new("arn:aws:states:us-east-1:000000000000:stateMachine:any"),
        dict[str, Any](),
    )
    frame = Frame(Mock(), Scope(), {"State": {"Name": "Ask"}}, record=record)
    thread = Thread(target=lambda: waiting_for.wait(callback, frame, 0, time.monotonic() + 60, 60))
    thread.start()
    note = eventually(lambda: record.get("_waiting"))
    tokens.send_success({"taskToken": callback.token, "output": '{"epoch": 3}'})
    thread.join()
    callback.close()
    # The engine was stopped before the execution took it.
    frame = Frame(Mock(), Scope(), {}, record={"_waiting": note})
    assert waiting_for.wait_on(note, frame) == {"epoch": 3}


def test_a_token_can_be_answered_before_its_execution_has_gone_on() -> None:
    token = unique("token")
    executions = engine_module("services.stepfunctions")._executions
    executions["arn"] = {"status": "RUNNING", "_waiting": {"token": token}}
    try:
        (found,) = interrupted()
    finally:
        del executions["arn"]
    assert found.waits
    status, _, _ = tokens.send_success({"taskToken": token, "output": "{}"})
    assert status == 200
    tokens.again(token).close()


def test_a_waiting_state_can_fail_be_caught_and_be_stopped(bench: Bench) -> None:
    queue, _ = bench.queue()
    caught = {"Type": "Pass", "Output": "{% $states.input.Error %}", "End": True}
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    machine = bench.machine({"Ask": asking(queue, Catch=catch), "Caught": caught})
    failing, stopped = bench.start(machine), bench.start(machine)
    given_out = bench.tokens(queue, 2)
    for arn in (failing, stopped):
        eventually(lambda arn=arn: waiting(bench, arn))
    restart(bench.aws)
    client = bench.client("stepfunctions")
    client.stop_execution(executionArn=stopped)
    assert bench.execution(stopped)["status"] == "ABORTED"
    answers = []
    for token in given_out:
        try:
            client.send_task_failure(taskToken=token, error="Refused", cause="full")
        except client.exceptions.TaskTimedOut:
            answers.append("dead")
    assert answers == ["dead"]
    assert bench.end_of(failing)["output"] == '"Refused"'


def test_time_goes_on_while_the_engine_is_stopped(bench: Bench) -> None:
    queue, _ = bench.queue()
    limit_s = 3
    of_machine = bench.machine({"Ask": asking(queue)}, TimeoutSeconds=limit_s)
    of_state = bench.machine({"Ask": asking(queue, TimeoutSeconds=limit_s)})
    arns = [bench.start(machine) for machine in (of_machine, of_state)]
    for arn in arns:
        eventually(lambda arn=arn: waiting(bench, arn))
    begun = [bench.execution(arn)["startDate"].timestamp() for arn in arns]
    bench.aws.stop()
    eventually(lambda: time.time() > max(begun) + limit_s)
    bench.aws.start()
    ended = [bench.end_of(arn, limit_s - 1) for arn in arns]
    assert [each["status"] for each in ended] == ["TIMED_OUT", "FAILED"]
    assert ended[1]["error"] == "States.Timeout"


def test_the_token_of_what_could_not_go_on_is_dead(bench: Bench) -> None:
    queue, _ = bench.queue()
    branch = {"StartAt": "Ask", "States": {"Ask": asking(queue)}}
    arn = bench.start(
        bench.machine({"Both": {"Type": "Parallel", "Branches": [branch], "End": True}})
    )
    (token,) = bench.tokens(queue, 1)
    eventually(lambda: waiting(bench, arn))
    restart(bench.aws)
    assert bench.execution(arn)["error"] == STOPPED
    client = bench.client("stepfunctions")
    with pytest.raises(client.exceptions.TaskTimedOut):
        client.send_task_success(taskToken=token, output="{}")


def saved_as_waiting(aws: EmbeddedAws, arn: str) -> bool:
    kept = file.read(aws.home)
    if kept is None:
        return False
    stores = pickle.loads(kept.parts["services"])["stores"]  # noqa: S301 - our own
    records = stores["stepfunctions"]["_executions"].values()
    return any("_waiting" in record for record in records if record["executionArn"] == arn)


def test_a_waiting_execution_outlives_a_kill_too(bench: Bench) -> None:
    queue, _ = bench.queue()
    arn = bench.start(bench.machine({"Ask": asking(queue)}))
    (token,) = bench.tokens(queue, 1)
    eventually(lambda: waiting(bench, arn))
    eventually(lambda: saved_as_waiting(bench.aws, arn), 30)
    note: dict[str, Any] = bench.aws.note or {}
    os.kill(note["pid"], signal.SIGKILL)
    bench.aws.start()
    bench.client("stepfunctions").send_task_success(taskToken=token, output='"late"')
    assert bench.end_of(arn)["output"] == '"late"'
