"""A state that waits for its token, as Step Functions documents it."""

import json
import time

import pytest
from botocore.exceptions import ClientError

from tests.embedded.conftest import Bench, asking, eventually


def test_heartbeat_timeout_fires(bench: Bench) -> None:
    queue, _ = bench.queue()
    ended = bench.run({"Ask": asking(queue, HeartbeatSeconds=1, TimeoutSeconds=30)})
    assert (ended["status"], ended["error"]) == ("FAILED", "States.HeartbeatTimeout")


@pytest.mark.aws("sfn-token")
def test_heartbeats_keep_a_task_waiting_until_its_token_is_answered(bench: Bench) -> None:
    queue, _ = bench.queue()
    states = bench.client("stepfunctions")
    arn = bench.start(bench.machine({"Ask": asking(queue, HeartbeatSeconds=2, TimeoutSeconds=30)}))
    (token,) = bench.tokens(queue, 1)
    until = time.monotonic() + 3
    while time.monotonic() < until:
        states.send_task_heartbeat(taskToken=token)
        time.sleep(0.5)
    assert bench.execution(arn)["status"] == "RUNNING"
    states.send_task_success(taskToken=token, output='{"granted": true}')
    assert json.loads(bench.end_of(arn)["output"]) == {"granted": True}
    with pytest.raises(states.exceptions.TaskTimedOut):
        states.send_task_success(taskToken=token, output="{}")


def test_failed_token_is_an_error_by_name(bench: Bench) -> None:
    queue, _ = bench.queue()
    arn = bench.start(bench.machine({"Ask": asking(queue)}))
    (token,) = bench.tokens(queue, 1)
    bench.client("stepfunctions").send_task_failure(taskToken=token, error="Refused", cause="full")
    ended = bench.end_of(arn)
    assert (ended["error"], ended["cause"]) == ("Refused", "full")


def test_unknown_token_is_invalid(bench: Bench) -> None:
    states = bench.client("stepfunctions")
    with pytest.raises(states.exceptions.InvalidToken):
        states.send_task_success(taskToken="unknown", output="{}")


@pytest.mark.aws("sfn-token-dead")
def test_token_of_a_stopped_execution_is_timed_out(bench: Bench) -> None:
    queue, _ = bench.queue()
    states = bench.client("stepfunctions")
    arn = bench.start(bench.machine({"Ask": asking(queue)}))
    (token,) = bench.tokens(queue, 1)
    states.stop_execution(executionArn=arn)

    def refused() -> str | None:
        try:
            states.send_task_success(taskToken=token, output="{}")
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return None

    assert eventually(refused) == "TaskTimedOut"
