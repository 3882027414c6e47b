"""Roles may do what their policies allow: functions, state machines, pipes, and what Lambda does in
a function's name."""

import json

import pytest

from tests.embedded.conftest import Bench, call, eventually, unique
from tests.embedded.test_pipes import Pipe

ASK = """
    import boto3
    from botocore.exceptions import ClientError
    def handle(event, context):
        client = boto3.client(event["service"])
        try:
            answer = getattr(client, event["operation"])(**event["arguments"])
        except ClientError as error:
            return error.response["Error"]["Code"]
        return answer.get("Arn", "done")
"""
ANY = "def handle(event, context): return event"


def asked(bench: Bench, function: str, service: str, operation: str, **arguments: object) -> object:
    """What AWS says to a function."""
    event = {"service": service, "operation": operation, "arguments": arguments}
    answer, failed = bench.invoke(function, event)
    assert failed is None, answer
    return answer


@pytest.mark.aws("iam")
def test_a_function_is_its_role_and_may_what_that_may_from_then_on(bench: Bench) -> None:
    role, key = bench.role(), bench.put_json([])
    function = bench.function(ASK, Role=role)
    name = role.rpartition("/")[2]
    who = asked(bench, function, "sts", "get_caller_identity")
    assert str(who).startswith(f"arn:aws:sts::000000000000:assumed-role/{name}/")

    there = {"Bucket": bench.bucket, "Key": key}
    assert asked(bench, function, "s3", "get_object", **there) == "AccessDenied"
    bench.grant(role, ("s3:GetObject", f"arn:aws:s3:::{bench.bucket}/{key}"))
    assert asked(bench, function, "s3", "get_object", **there) == "done"
    assert asked(bench, function, "s3", "put_object", **there) == "AccessDenied"


@pytest.mark.aws("s3-missing")
def test_only_who_may_list_is_told_that_an_object_is_missing(bench: Bench) -> None:
    role = bench.role(("s3:GetObject", f"arn:aws:s3:::{bench.bucket}/*"))
    function, nothing = bench.function(ASK, Role=role), {"Bucket": bench.bucket, "Key": "none"}
    assert asked(bench, function, "s3", "head_object", **nothing) == "403"
    bench.grant(role, ("s3:ListBucket", f"arn:aws:s3:::{bench.bucket}"))
    assert asked(bench, function, "s3", "head_object", **nothing) == "404"


@pytest.mark.aws("sqs-batch")
def test_batches_of_messages_are_what_their_messages_are(bench: Bench) -> None:
    url, arn = bench.queue()
    function = bench.function(ASK, Role=bench.role(("sqs:SendMessage", arn)))
    batch = {"QueueUrl": url, "Entries": [{"Id": "1", "MessageBody": "any"}]}
    assert asked(bench, function, "sqs", "send_message_batch", **batch) == "done"
    taken = {"QueueUrl": url, "Entries": [{"Id": "1", "ReceiptHandle": "any"}]}
    said = asked(bench, function, "sqs", "delete_message_batch", **taken)
    assert "AccessDenied" in str(said)


@pytest.mark.aws("iam")
def test_a_token_is_answered_by_who_may_answer_its_machine(bench: Bench) -> None:
    queue, _ = bench.queue()
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {"QueueUrl": queue, "MessageBody": "{% $states.context.Task.Token %}"},
        "End": True,
    }
    machine, other = (bench.machine({"Ask": state}) for _ in range(2))
    execution = bench.start(machine)
    (token,) = bench.received(queue, 1)
    role = bench.role(("states:SendTaskSuccess", other))
    function, answer = bench.function(ASK, Role=role), {"taskToken": token, "output": "{}"}
    said = asked(bench, function, "stepfunctions", "send_task_success", **answer)
    assert said == "AccessDeniedException"
    bench.grant(role, ("states:SendTaskSuccess", machine))
    assert asked(bench, function, "stepfunctions", "send_task_success", **answer) == "done"
    assert bench.end_of(execution)["status"] == "SUCCEEDED"


@pytest.mark.aws("iam")
def test_a_machine_calls_what_its_role_may(bench: Bench) -> None:
    function, role = bench.function(ANY), bench.role()
    machine = bench.machine({"Call": call(function)}, role=role)
    ended = bench.end_of(bench.start(machine))
    assert (ended["status"], ended["error"]) == ("FAILED", "Lambda.AWSLambdaException")
    assert f"lambda:InvokeFunction on resource: {function}" in ended["cause"]
    bench.grant(role, ("lambda:InvokeFunction", function))
    assert bench.end_of(bench.start(machine))["status"] == "SUCCEEDED"


@pytest.mark.aws("iam")
def test_a_map_reads_and_starts_what_its_machines_role_may(bench: Bench) -> None:
    key, role = bench.put_json([1]), bench.role()
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Arguments": {"Bucket": bench.bucket, "Key": key},
    }
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Pass",
        "States": {"Pass": {"Type": "Pass", "End": True}},
    }
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True}
    machine = bench.machine({"Map": state}, role=role)
    assert bench.end_of(bench.start(machine))["error"] == "States.ItemReaderFailed"
    bench.grant(role, ("s3:GetObject", f"arn:aws:s3:::{bench.bucket}/{key}"))
    assert bench.end_of(bench.start(machine))["error"] == "States.Permissions"
    bench.grant(role, ("states:StartExecution", machine))
    assert bench.end_of(bench.start(machine))["status"] == "SUCCEEDED"


@pytest.mark.aws("iam")
def test_a_pipe_starts_what_its_role_may(bench: Bench) -> None:
    role = bench.role(("sqs:*", "*"))
    pipe = Pipe(bench, RoleArn=role)
    pipe.send("denied")
    eventually(lambda: bench.client("sqs").receive_message(QueueUrl=pipe.dead_url).get("Messages"))
    assert pipe.inputs() == []
    bench.grant(role, ("states:StartExecution", pipe.machine))
    pipe.send("allowed")
    eventually(lambda: len(pipe.inputs()) == 1)


@pytest.mark.aws("iam")
def test_lambda_reads_a_queue_for_a_function_that_may(bench: Bench) -> None:
    url, arn = bench.queue()
    seen_url, seen = bench.queue()
    role = bench.role(("sqs:SendMessage", seen))
    tell = f"""
        import boto3
        def handle(event, context):
            boto3.client("sqs").send_message(QueueUrl={seen_url!r}, MessageBody="seen")
    """
    function = bench.function(tell, Role=role)
    lambdas, sqs = bench.client("lambda"), bench.client("sqs")
    lambdas.create_event_source_mapping(EventSourceArn=arn, FunctionName=function, BatchSize=1)
    sqs.send_message(QueueUrl=url, MessageBody=unique("message"))
    for action in ("ReceiveMessage", "DeleteMessage"):
        bench.grant(role, (f"sqs:{action}", arn))
    name = ["ApproximateNumberOfMessages"]
    waiting = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=name)["Attributes"]
    assert json.loads(waiting[name[0]]) == 1
    bench.grant(role, ("sqs:GetQueueAttributes", arn))
    assert bench.received(seen_url, 1) == ["seen"]
