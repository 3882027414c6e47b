"""Errors of states: their names, what catches and retries them, and what they end."""

import json
import time

import pytest

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


@pytest.mark.aws("sfn-error-names")
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


@pytest.mark.aws("sfn-retry")
def test_retries_are_counted_and_end(bench: Bench) -> None:
    retry = {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1}
    machine = bench.machine({"Work": call(bench.function(RAISE), Retry=[retry])})
    arn = bench.start(machine)
    assert bench.end_of(arn)["error"] == "SourceEmpty"
    assert [e["type"] for e in bench.history(arn)].count("TaskFailed") == 2


@pytest.mark.aws("sfn-error-names")
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


@pytest.mark.aws("sfn-timeout")
def test_machine_timeout_cannot_be_caught_by_a_state(bench: Bench) -> None:
    slow = bench.function("import time\ndef handle(event, context): time.sleep(3)")
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    states = {"Work": call(slow, Catch=catch), "Caught": {"Type": "Succeed"}}
    assert bench.run(states, TimeoutSeconds=1)["status"] == "TIMED_OUT"


@pytest.mark.aws("sfn-timeout")
def test_task_timeout_is_states_timeout(bench: Bench) -> None:
    slow = bench.function("import time\ndef handle(event, context): time.sleep(3)")
    ended = bench.run({"Work": call(slow, TimeoutSeconds="{% $states.input.s %}")}, {"s": 1})
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")


def test_failed_expression_is_named(bench: Bench) -> None:
    ended = bench.run({"Pass": {**PASS, "Output": "{% $states.input.absent %}"}})
    assert ended["error"] == "States.QueryEvaluationError"


def test_broken_call_fails_the_execution(bench: Bench) -> None:
    broken = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {}}
    ended = bench.run({"Work": {**broken, "End": True}})
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")


@pytest.mark.aws("sfn-payload")
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


@pytest.mark.aws("sfn-parallel")
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
