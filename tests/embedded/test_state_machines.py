"""Executions behave as Step Functions documents them."""

import json
import time

import pytest
from botocore.exceptions import ClientError

from local import processes
from tests.embedded.conftest import Bench, call, eventually, unique

RAISE = """
    class SourceEmpty(Exception):
        pass
    def handle(event, context):
        raise SourceEmpty('it says "no bytes"')
"""
PASS = {"Type": "Pass", "End": True}
WAIT = {"Type": "Wait", "Seconds": 60, "End": True}


def test_error_class_reaches_catch_by_name_with_its_cause(bench: Bench) -> None:
    states = {
        "Work": call(
            bench.function(RAISE),
            Catch=[
                {"ErrorEquals": ["SourceMissing"], "Next": "Wrong"},
                {
                    "ErrorEquals": ["SourceEmpty"],
                    "Next": "Caught",
                    "Assign": {"name": "{% $states.errorOutput.Error %}"},
                    "Output": {"cause": "{% $parse($states.errorOutput.Cause) %}"},
                },
            ],
        ),
        "Caught": {
            **PASS,
            "Output": {"name": "{% $name %}", "said": "{% $states.input.cause.errorMessage %}"},
        },
        "Wrong": {"Type": "Fail"},
    }
    ended = bench.run(states)
    assert json.loads(ended["output"]) == {"name": "SourceEmpty", "said": 'it says "no bytes"'}


def test_uncaught_error_class_is_the_executions_error(bench: Bench) -> None:
    ended = bench.run({"Work": call(bench.function(RAISE))})
    assert (ended["status"], ended["error"]) == ("FAILED", "SourceEmpty")
    assert json.loads(ended["cause"])["errorMessage"] == 'it says "no bytes"'


def test_retry_by_class_name_calls_again(bench: Bench) -> None:
    function = bench.function("""
        import boto3
        class TransientError(Exception):
            pass
        def handle(event, context):
            queue = boto3.client("sqs")
            queue.send_message(QueueUrl=event["queue"], MessageBody="tried")
            found = queue.get_queue_attributes(
                QueueUrl=event["queue"], AttributeNames=["ApproximateNumberOfMessages"])
            if int(found["Attributes"]["ApproximateNumberOfMessages"]) < 3:
                raise TransientError("again")
            return "done"
    """)
    queue, _ = bench.queue()
    retry = {"ErrorEquals": ["TransientError"], "IntervalSeconds": 1, "JitterStrategy": "FULL"}
    work = call(function, Retry=[{**retry, "MaxAttempts": 2, "MaxDelaySeconds": 1}])
    ended = bench.run({"Work": work}, {"queue": queue})
    assert (ended["status"], ended.get("output")) == ("SUCCEEDED", '"done"')


def test_retries_are_counted_and_end(bench: Bench) -> None:
    retry = {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1}
    machine = bench.machine({"Work": call(bench.function(RAISE), Retry=[retry])})
    arn = bench.start(machine)
    assert bench.end_of(arn)["error"] == "SourceEmpty"
    assert [e["type"] for e in bench.history(arn)].count("TaskFailed") == 2


def test_function_timeout_is_caught_by_name_and_leaves_no_child(bench: Bench) -> None:
    function = bench.function(
        """
        import subprocess
        def handle(event, context):
            child = subprocess.Popen(["sleep", "60"])
            open(event["pid"], "w").write(str(child.pid))
            child.wait()
        """,
        timeout_s=1,
    )
    pid_path = bench.aws.home.tmp_path / unique("pid")
    catch = [{"ErrorEquals": ["Sandbox.Timedout"], "Next": "Caught"}]
    states = {"Work": call(function, Catch=catch), "Caught": {"Type": "Succeed"}}
    ended = bench.run(states, {"pid": str(pid_path)})
    assert ended["status"] == "SUCCEEDED"
    eventually(lambda: not processes.is_alive(int(pid_path.read_text())))


def test_throttled_function_is_caught_by_name(bench: Bench) -> None:
    function = bench.function("def handle(event, context): pass")
    bench.client("lambda").put_function_concurrency(
        FunctionName=function, ReservedConcurrentExecutions=0
    )
    ended = bench.run({"Work": call(function)})
    assert ended["error"] == "Lambda.TooManyRequestsException"


def test_machine_timeout_ends_in_timed_out(bench: Bench) -> None:
    begun = time.monotonic()
    ended = bench.run({"Wait": WAIT}, TimeoutSeconds=1)
    assert ended["status"] == "TIMED_OUT"
    assert 1 <= time.monotonic() - begun < 5


def test_machine_timeout_cannot_be_caught_by_a_state(bench: Bench) -> None:
    slow = bench.function("import time\ndef handle(event, context): time.sleep(3)")
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    states = {"Work": call(slow, Catch=catch), "Caught": {"Type": "Succeed"}}
    assert bench.run(states, TimeoutSeconds=1)["status"] == "TIMED_OUT"


def test_task_timeout_is_states_timeout(bench: Bench) -> None:
    slow = bench.function("import time\ndef handle(event, context): time.sleep(3)")
    ended = bench.run({"Work": call(slow, TimeoutSeconds="{% $states.input.s %}")}, {"s": 1})
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")


def test_stop_ends_in_aborted_and_nothing_starts_after(bench: Bench) -> None:
    function = bench.function("""
        import boto3, time
        def handle(event, context):
            boto3.client("sqs").send_message(QueueUrl=event["queue"], MessageBody=event["step"])
            time.sleep(1)
            return {"queue": event["queue"], "step": "second"}
    """)
    queue, _ = bench.queue()
    states = {"First": call(function, Next="Second"), "Second": call(function)}
    arn = bench.start(bench.machine(states), {"queue": queue, "step": "first"})
    messages = _received(bench, queue, 1)
    bench.client("stepfunctions").stop_execution(executionArn=arn, error="Cancelled", cause="why")
    ended = bench.execution(arn)
    assert (ended["status"], ended["error"], ended["cause"]) == ("ABORTED", "Cancelled", "why")
    assert messages == ["first"]
    # Longer than the first call takes: the second would have been started by now.
    quiet = bench.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=3)
    assert quiet.get("Messages", []) == []
    assert bench.execution(arn)["status"] == "ABORTED"
    assert bench.history(arn)[-1]["type"] == "ExecutionAborted"


def test_same_name_and_input_while_running_is_the_same_execution(bench: Bench) -> None:
    machine, name = bench.machine({"Wait": WAIT}), unique("name")
    exists = bench.client("stepfunctions").exceptions.ExecutionAlreadyExists
    arn = bench.start(machine, {"a": 1}, name=name)
    assert bench.start(machine, {"a": 1}, name=name) == arn
    with pytest.raises(exists):
        bench.start(machine, {"a": 2}, name=name)
    bench.client("stepfunctions").stop_execution(executionArn=arn)
    with pytest.raises(exists):
        bench.start(machine, {"a": 1}, name=name)


def test_names_and_inputs_are_checked(bench: Bench) -> None:
    states, machine = bench.client("stepfunctions"), bench.machine({"Pass": PASS})
    with pytest.raises(states.exceptions.InvalidName):
        states.start_execution(stateMachineArn=machine, name="a/b")
    with pytest.raises(states.exceptions.InvalidExecutionInput):
        states.start_execution(stateMachineArn=machine, input="{")


@pytest.mark.parametrize(
    "states",
    [
        {"A": {"Type": "Pass", "Next": "Nowhere"}},
        {"A": {"Type": "Pass", "End": True, "Output": "{% $sum( %}"}},
        {"A": {"Type": "Nap", "End": True}},
        {"A": {"Type": "Map", "ItemBatcher": {}, "ItemProcessor": {}, "End": True}},
    ],
)
def test_invalid_definition_is_refused(bench: Bench, states: dict[str, object]) -> None:
    with pytest.raises(bench.client("stepfunctions").exceptions.InvalidDefinition):
        bench.machine(states)


def test_choice_wait_and_variables(bench: Bench) -> None:
    states = {
        "Keep": {"Type": "Pass", "Assign": {"n": "{% $states.input.n %}"}, "Next": "Which?"},
        "Which?": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $n > 10 %}", "Next": "Wrong"},
                {"Condition": "{% $n = 4 %}", "Next": "Rest", "Output": {"half": "{% $n / 2 %}"}},
            ],
            "Default": "Wrong",
        },
        "Rest": {"Type": "Wait", "Seconds": "{% $states.input.half %}", "Next": "End"},
        "End": {"Type": "Succeed"},
        "Wrong": {"Type": "Fail", "Error": "Wrong", "Cause": "{% $string($n) %}"},
    }
    begun = time.monotonic()
    assert bench.run(states, {"n": 4})["output"] == '{"half": 2}'
    assert time.monotonic() - begun >= 2
    ended = bench.run(states, {"n": 11})
    assert (ended["error"], ended["cause"]) == ("Wrong", "11")


def test_failed_expression_is_named(bench: Bench) -> None:
    ended = bench.run({"Pass": {**PASS, "Output": "{% $states.input.absent %}"}})
    assert ended["error"] == "States.QueryEvaluationError"


def test_broken_call_fails_the_execution(bench: Bench) -> None:
    broken = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {}}
    ended = bench.run({"Work": {**broken, "End": True}})
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")


def test_output_over_256_kib_fails(bench: Bench) -> None:
    large = bench.function("def handle(event, context): return 'x' * 300_000")
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    states = {"Work": call(large, Catch=catch), "Caught": {"Type": "Succeed"}}
    assert bench.run(states)["error"] == "States.DataLimitExceeded"


def test_dynamodb_condition_is_caught_by_name(bench: Bench) -> None:
    table = unique("table")
    bench.client("dynamodb").create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    update = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:updateItem",
        "Arguments": {
            "TableName": table,
            "Key": {"id": {"S": "{% $states.input.id %}"}},
            "UpdateExpression": "SET #s = :s",
            "ConditionExpression": "attribute_not_exists(id)",
            "ExpressionAttributeNames": {"#s": "status"},
            "ExpressionAttributeValues": {":s": {"S": "RUNNING"}},
        },
        "Output": "{% $states.input %}",
    }
    caught = ["DynamoDB.ConditionalCheckFailedException"]
    states = {
        "First": {**update, "Next": "Second"},
        "Second": {**update, "Catch": [{"ErrorEquals": caught, "Next": "Taken"}], "End": True},
        "Taken": {"Type": "Succeed", "Output": "taken"},
    }
    assert bench.run(states, {"id": "job"})["output"] == '"taken"'
    item = bench.client("dynamodb").get_item(TableName=table, Key={"id": {"S": "job"}})["Item"]
    assert item["status"] == {"S": "RUNNING"}


def test_parallel_gives_its_branches_results_in_order(bench: Bench) -> None:
    states = {
        "Both": {
            "Type": "Parallel",
            "Arguments": {"n": "{% $states.input.n + 1 %}"},
            "Branches": [
                {
                    "StartAt": "Slow",
                    "States": {
                        "Slow": {"Type": "Wait", "Seconds": 1, "Next": "A"},
                        "A": {**PASS, "Output": "{% $states.input.n %}"},
                    },
                },
                {"StartAt": "B", "States": {"B": {**PASS, "Output": "{% $states.input.n * 10 %}"}}},
            ],
            "Assign": {"first": "{% $states.result[0] %}"},
            "Output": {"all": "{% $states.result %}"},
            "Next": "End",
        },
        "End": {**PASS, "Output": {"first": "{% $first %}", "all": "{% $states.input.all %}"}},
    }
    assert json.loads(bench.run(states, {"n": 1})["output"]) == {"first": 2, "all": [2, 20]}


def test_parallel_fails_with_the_branchs_error_and_stops_the_others(bench: Bench) -> None:
    failing = {"StartAt": "Work", "States": {"Work": call(bench.function(RAISE))}}
    waiting = {"StartAt": "Wait", "States": {"Wait": WAIT}}
    both = {"Type": "Parallel", "Branches": [waiting, failing]}
    catch = [{"ErrorEquals": ["SourceEmpty"], "Next": "Caught"}]
    begun = time.monotonic()
    states = {"Both": {**both, "Catch": catch, "End": True}, "Caught": {"Type": "Succeed"}}
    ended = bench.run(states)
    assert ended["status"] == "SUCCEEDED"
    assert time.monotonic() - begun < 20


def test_heartbeat_timeout_fires(bench: Bench) -> None:
    queue, _ = bench.queue()
    ended = bench.run({"Ask": _ask(queue, HeartbeatSeconds=1, TimeoutSeconds=30)})
    assert (ended["status"], ended["error"]) == ("FAILED", "States.HeartbeatTimeout")


def test_heartbeats_keep_a_task_waiting_until_its_token_is_answered(bench: Bench) -> None:
    queue, _ = bench.queue()
    states = bench.client("stepfunctions")
    arn = bench.start(bench.machine({"Ask": _ask(queue, HeartbeatSeconds=2, TimeoutSeconds=30)}))
    token = json.loads(_received(bench, queue, 1)[0])["token"]
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
    arn = bench.start(bench.machine({"Ask": _ask(queue)}))
    token = json.loads(_received(bench, queue, 1)[0])["token"]
    bench.client("stepfunctions").send_task_failure(taskToken=token, error="Refused", cause="full")
    ended = bench.end_of(arn)
    assert (ended["error"], ended["cause"]) == ("Refused", "full")


def test_unknown_token_is_invalid(bench: Bench) -> None:
    states = bench.client("stepfunctions")
    with pytest.raises(states.exceptions.InvalidToken):
        states.send_task_success(taskToken="unknown", output="{}")


def test_token_of_a_stopped_execution_is_timed_out(bench: Bench) -> None:
    queue, _ = bench.queue()
    states = bench.client("stepfunctions")
    arn = bench.start(bench.machine({"Ask": _ask(queue)}))
    token = json.loads(_received(bench, queue, 1)[0])["token"]
    states.stop_execution(executionArn=arn)

    def refused() -> str | None:
        try:
            states.send_task_success(taskToken=token, output="{}")
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return None

    assert eventually(refused) == "TaskTimedOut"


def test_history_tells_the_states(bench: Bench) -> None:
    arn = bench.start(bench.machine({"Work": call(bench.function("def handle(e, c): return e"))}))
    bench.end_of(arn)
    events = bench.history(arn)
    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    assert events[1]["stateEnteredEventDetails"]["name"] == "Work"
    assert [event["id"] for event in events] == list(range(1, 8))


def _ask(queue: str, **more: object) -> dict[str, object]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {
            "QueueUrl": queue,
            "MessageBody": {"token": "{% $states.context.Task.Token %}"},
        },
        "End": True,
        **more,
    }


def _received(bench: Bench, queue: str, count: int) -> list[str]:
    bodies: list[str] = []

    def receive() -> bool:
        answer = bench.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=1)
        bodies.extend(message["Body"] for message in answer.get("Messages", []))
        return len(bodies) >= count

    eventually(receive)
    return bodies
