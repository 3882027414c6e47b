"""Status changes of executions reach a rule's function through EventBridge."""

import json
from typing import Any

import pytest

from tests.embedded.conftest import Bench, call, eventually, unique

FORWARD = """
    import boto3, json
    def handle(event, context):
        boto3.client("sqs").send_message(QueueUrl={queue!r}, MessageBody=json.dumps(event))
"""


class Listener:
    """A rule on one machine's status changes, whose function forwards them to a queue."""

    def __init__(self, bench: Bench, machine: str) -> None:
        self._sqs = bench.client("sqs")
        self._queue, _ = bench.queue()
        self._events: list[dict[str, Any]] = []
        function = bench.function(FORWARD.format(queue=self._queue))
        pattern = {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"stateMachineArn": [machine]},
        }
        events, rule = bench.client("events"), unique("rule")
        arn = events.put_rule(Name=rule, EventPattern=json.dumps(pattern))["RuleArn"]
        bench.client("lambda").add_permission(
            FunctionName=function,
            StatementId="rule",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=arn,
        )
        events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": function}])

    def event(self, status: str) -> dict[str, Any]:
        """The event of this status, once it has come."""

        def look() -> dict[str, Any] | None:
            answer = self._sqs.receive_message(QueueUrl=self._queue, WaitTimeSeconds=1)
            self._events += [json.loads(message["Body"]) for message in answer.get("Messages", [])]
            return next((e for e in self._events if e["detail"]["status"] == status), None)

        return eventually(look, 20)


@pytest.mark.aws("sfn-events")
@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"])
def test_status_change_reaches_the_rule(bench: Bench, status: str) -> None:
    wait = {"Type": "Wait", "Seconds": 60, "End": True}
    states = {
        "SUCCEEDED": {"Pass": {"Type": "Pass", "Output": {"done": True}, "End": True}},
        "FAILED": {"Fail": {"Type": "Fail", "Error": "Wrong", "Cause": "why"}},
        "TIMED_OUT": {"Wait": wait},
        "ABORTED": {"Wait": wait},
    }[status]
    machine = bench.machine(states, **({"TimeoutSeconds": 1} if status == "TIMED_OUT" else {}))
    listener = Listener(bench, machine)
    arn = bench.start(machine, {"job": 1}, name=unique("job"))
    running = listener.event("RUNNING")["detail"]
    assert running["stopDate"] is None
    if status == "ABORTED":
        bench.client("stepfunctions").stop_execution(executionArn=arn)
    event = listener.event(status)
    detail = event["detail"]
    described = bench.execution(arn)
    assert event["resources"] == [arn]
    assert detail["executionArn"] == arn
    assert detail["stateMachineArn"] == machine
    assert detail["name"] == described["name"]
    assert detail["input"] == '{"job": 1}'
    assert detail["startDate"] == int(described["startDate"].timestamp() * 1000)
    assert detail["stopDate"] == int(described["stopDate"].timestamp() * 1000)
    assert detail["output"] == ('{"done": true}' if status == "SUCCEEDED" else None)
    failed = status == "FAILED"
    assert (detail["error"], detail["cause"]) == (("Wrong", "why") if failed else (None, None))


def test_functions_error_is_in_the_event(bench: Bench) -> None:
    function = bench.function("def handle(event, context): raise KeyError('gone')")
    machine = bench.machine({"Work": call(function)})
    listener = Listener(bench, machine)
    bench.start(machine)
    detail = listener.event("FAILED")["detail"]
    assert detail["error"] == "KeyError"
    assert json.loads(detail["cause"])["errorMessage"] == "'gone'"
