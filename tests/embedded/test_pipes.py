"""Pipes from a FIFO queue through an enrichment function to a state machine."""

import json
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from tests.embedded.conftest import Bench, eventually, unique

ENRICH = """
    import json
    def handle(event, context):
        assert isinstance(event, list)
        bodies = [json.loads(record["body"]) for record in event]
        if any(body.get("fail") for body in bodies):
            raise ValueError("no")
        return bodies[0].get("answer", bodies)
"""


class Pipe:
    """A pipe with all it needs; redelivers after two seconds, gives up after three times."""

    def __init__(self, bench: Bench, source: str | None = None, **more: Any) -> None:
        self.bench = bench
        self.dead_url, dead_arn = bench.queue(fifo=True)
        self.url, self.queue_arn = bench.queue(
            fifo=True,
            VisibilityTimeout="2",
            RedrivePolicy=json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3}),
        )
        self.machine = bench.machine({"Pass": {"Type": "Pass", "End": True}})
        self.name = unique("pipe")
        enrichment = {"Enrichment": bench.function(source)} if source else {}
        bench.client("cloudformation").create_stack(
            StackName=self.name,
            TemplateBody=json.dumps(
                {
                    "Resources": {
                        "Pipe": {
                            "Type": "AWS::Pipes::Pipe",
                            "Properties": {
                                "Name": self.name,
                                "RoleArn": bench.role_arn,
                                "Source": self.queue_arn,
                                "Target": self.machine,
                                "SourceParameters": {"SqsQueueParameters": {"BatchSize": 1}},
                                "TargetParameters": {
                                    "StepFunctionStateMachineParameters": {
                                        "InvocationType": "FIRE_AND_FORGET"
                                    }
                                },
                                **enrichment,
                                **more,
                            },
                        }
                    }
                }
            ),
        )
        bench.client("cloudformation").get_waiter("stack_create_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 1}
        )

    def send(self, body: Any, group: str = "g") -> None:
        self.bench.client("sqs").send_message(
            QueueUrl=self.url,
            MessageBody=json.dumps(body),
            MessageGroupId=group,
            MessageDeduplicationId=unique("message"),
        )

    def inputs(self) -> list[Any]:
        """What the executions so far were started with, oldest first."""
        states = self.bench.client("stepfunctions")
        found = states.list_executions(stateMachineArn=self.machine)["executions"]
        found.sort(key=lambda execution: execution["startDate"])
        return [json.loads(self.bench.execution(e["executionArn"])["input"]) for e in found]

    def waiting(self, url: str | None = None) -> int:
        """Messages in the queue, in hand or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.bench.client("sqs").get_queue_attributes(
            QueueUrl=url or self.url, AttributeNames=names
        )
        return sum(int(found["Attributes"][name]) for name in names)

    def delete(self) -> None:
        self.bench.client("cloudformation").delete_stack(StackName=self.name)


@pytest.fixture(scope="module")
def enriched(bench: Bench) -> Iterator[Pipe]:
    pipe = Pipe(bench, ENRICH)
    yield pipe
    pipe.delete()


def test_parameters_are_kept(bench: Bench, enriched: Pipe) -> None:
    pipe = bench.client("pipes").describe_pipe(Name=enriched.name)
    assert pipe["SourceParameters"] == {"SqsQueueParameters": {"BatchSize": 1}}
    assert pipe["TargetParameters"]["StepFunctionStateMachineParameters"] == {
        "InvocationType": "FIRE_AND_FORGET"
    }
    assert pipe["Enrichment"].startswith("arn:aws:lambda:")


@pytest.mark.aws("pipe-array")
def test_message_becomes_an_array_of_one_record(bench: Bench) -> None:
    pipe = Pipe(bench)
    pipe.send({"job": 1}, "lane")
    (records,) = eventually(lambda: pipe.inputs() or None)
    (record,) = records
    assert json.loads(record["body"]) == {"job": 1}
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == pipe.queue_arn
    assert record["awsRegion"] == "us-east-1"
    assert record["attributes"]["MessageGroupId"] == "lane"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"messageId", "receiptHandle", "messageAttributes", "md5OfBody"} <= record.keys()
    eventually(lambda: pipe.waiting() == 0)
    pipe.delete()


def test_enrichments_array_is_the_machines_input(enriched: Pipe) -> None:
    before = len(enriched.inputs())
    enriched.send({"answer": [{"job_id": "j"}]})
    eventually(lambda: len(enriched.inputs()) == before + 1)
    assert enriched.inputs()[-1] == [{"job_id": "j"}]


def test_message_is_started_soon(enriched: Pipe) -> None:
    enriched.send({"warm": "up"})
    eventually(lambda: enriched.waiting() == 0)
    before = len(enriched.inputs())
    begun = time.monotonic()
    enriched.send({"job": 1})
    eventually(lambda: len(enriched.inputs()) == before + 1)
    assert time.monotonic() - begun < 1


@pytest.mark.aws("pipe-enrichment")
@pytest.mark.parametrize("answer", [[], {}, None, ""])
def test_empty_answer_starts_nothing_and_deletes_the_message(enriched: Pipe, answer: Any) -> None:
    before = enriched.inputs()
    enriched.send({"answer": answer})
    eventually(lambda: enriched.waiting() == 0)
    assert enriched.inputs() == before
    assert enriched.waiting(enriched.dead_url) == 0


@pytest.mark.aws("pipe-errors")
def test_failed_enrichment_goes_to_the_dead_letter_queue_and_frees_its_group(
    enriched: Pipe,
) -> None:
    before = len(enriched.inputs())
    enriched.send({"fail": True}, "stuck")
    enriched.send({"job": "behind"}, "stuck")
    enriched.send({"job": "beside"}, "free")
    eventually(lambda: len(enriched.inputs()) == before + 1)
    # The other group was not held up; its own group waits for the failed message.
    assert enriched.inputs()[-1] == [{"job": "beside"}]
    eventually(lambda: enriched.waiting(enriched.dead_url) == 1, 30)
    eventually(lambda: len(enriched.inputs()) == before + 2, 30)
    assert enriched.inputs()[-1] == [{"job": "behind"}]
    eventually(lambda: enriched.waiting() == 0)


@pytest.mark.aws("sqs-in-flight")
def test_group_is_handled_in_order_one_batch_at_a_time(bench: Bench) -> None:
    pipe = Pipe(
        bench,
        """
        import json, time
        def handle(event, context):
            begun = time.time()
            time.sleep(0.3)
            body = json.loads(event[0]["body"])
            return [{**body, "from": begun, "to": time.time()}]
        """,
    )
    for number in range(4):
        for group in ("a", "b"):
            pipe.send({"group": group, "number": number}, group)
    eventually(lambda: len(pipe.inputs()) == 8)
    spans = [entry for (entry,) in pipe.inputs()]
    for group in ("a", "b"):
        own = sorted((s for s in spans if s["group"] == group), key=lambda s: s["from"])
        assert [span["number"] for span in own] == [0, 1, 2, 3]
        assert all(x["to"] <= y["from"] for x, y in pairwise(own))
    a, b = ([s for s in spans if s["group"] == group] for group in ("a", "b"))
    assert any(x["from"] < y["to"] and y["from"] < x["to"] for x in a for y in b)
    pipe.delete()


@pytest.mark.aws("sqs-redelivery")
def test_failed_start_leaves_the_message_for_redelivery(bench: Bench) -> None:
    pipe = Pipe(bench, "def handle(event, context): return ['x' * 300_000]")
    pipe.send({"job": 1})
    eventually(lambda: pipe.waiting(pipe.dead_url) == 1, 30)
    assert pipe.inputs() == []
    pipe.delete()


def test_deleted_pipe_is_polled_no_more(bench: Bench) -> None:
    pipe = Pipe(bench)
    pipe.send({"job": 1})
    eventually(lambda: len(pipe.inputs()) == 1)
    pipe.delete()
    log = bench.aws.home.log_path
    eventually(lambda: f"pipe {pipe.name} is polled no more" in log.read_text())


def test_unsupported_pipe_is_refused_in_the_log(bench: Bench) -> None:
    pipe = Pipe(
        bench,
        SourceParameters={
            "SqsQueueParameters": {"BatchSize": 1},
            "FilterCriteria": {"Filters": [{"Pattern": "{}"}]},
        },
    )
    refusal = f"pipe {pipe.name} is not run: SourceParameters.FilterCriteria is not supported"
    eventually(lambda: refusal in bench.aws.home.log_path.read_text())
    pipe.delete()
