"""Who may do what, whole: a grant that is not in these tables fails."""

import pytest

from tests.infrastructure.conftest import Synthesize
from tests.infrastructure.synthesis import FOLDERS, Synthesis

Grants = set[tuple[str, str]]

KEY: Grants = {
    (f"kms:{action}", "Key")
    for action in (
        "Decrypt",
        "DescribeKey",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
    )
}
TRACES: Grants = {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}
LIST: Grants = {("s3:ListBucket", "Media")}
EXECUTIONS = "arn:partition:states:region:accountid:execution:RenderMachine.Name"
ANSWER: Grants = {("states:SendTaskSuccess", "RenderMachine")}


def jobs(*actions: str) -> Grants:
    return {(f"dynamodb:{action}", "Jobs") for action in actions}


def turns(*actions: str) -> Grants:
    return {(f"dynamodb:{action}", "Turns") for action in actions}


def read(*patterns: str) -> Grants:
    return {("s3:GetObject", f"Media/{pattern}") for pattern in patterns}


def write(*patterns: str) -> Grants:
    return {("s3:PutObject", f"Media/{pattern}") for pattern in patterns}


def write_large(pattern: str) -> Grants:
    return write(pattern) | {("s3:AbortMultipartUpload", f"Media/{pattern}")}


def failing_into(queue: str) -> Grants:
    """Its failed events go to an encrypted queue."""
    sends = {f"sqs:{action}" for action in ("GetQueueAttributes", "GetQueueUrl", "SendMessage")}
    uses = {("kms:GenerateDataKey*", "Key"), ("kms:ReEncrypt*", "Key")}
    return {(action, queue) for action in sends} | uses


GET_PUT_UPDATE = ("GetItem", "PutItem", "UpdateItem")
SOURCES = read("uploads/*", "parts/*") | write_large("parts/*") | LIST
PLANNED = SOURCES | read("jobs/*/plan.json") | jobs("GetItem")
EXPECTED: dict[str, Grants] = {
    "register_job": jobs(*GET_PUT_UPDATE) | turns(*GET_PUT_UPDATE),
    "claim_job": jobs(*GET_PUT_UPDATE) | turns(*GET_PUT_UPDATE),
    "request_turn": jobs("GetItem") | turns("GetItem", "Scan", "UpdateItem") | ANSWER,
    "plan_render": SOURCES
    | write("jobs/*/plan.json", "jobs/*/chunks.json")
    | {("s3:DeleteObject", "Media/parts/*/source")}
    | jobs("GetItem", "UpdateItem")
    | turns("GetItem", "UpdateItem"),
    "render_chunk": PLANNED,
    "render_audio": PLANNED,
    "take_snapshots": PLANNED,
    "take_live_snapshots": read("jobs/*/plan.json")
    | write_large("parts/*")
    | LIST
    | jobs("GetItem"),
    "assemble_render": read("parts/*", "jobs/*/plan.json", "jobs/*/out/*")
    | write_large("jobs/*/out/*")
    | write("jobs/*/result.json")
    | {("s3:DeleteObject", "Media/jobs/*/out/*")}
    | jobs("UpdateItem")
    | LIST,
    "finish_job": jobs(*GET_PUT_UPDATE)
    | turns("DeleteItem", "GetItem", "Scan", "UpdateItem")
    | ANSWER
    | read("jobs/*/out/*", "jobs/*/result.json")
    | LIST
    | failing_into("EndedExecutionsMissed"),
    "cancel_job": jobs("GetItem", "UpdateItem")
    | turns("DeleteItem", "GetItem", "Scan", "UpdateItem")
    | ANSWER
    | {("states:StopExecution", f"{EXECUTIONS}:*")},
    "reconcile_jobs": jobs(*GET_PUT_UPDATE)
    | turns("DeleteItem", "Scan", *GET_PUT_UPDATE)
    | ANSWER
    | {("states:DescribeExecution", f"{EXECUTIONS}:*"), ("states:StopExecution", f"{EXECUTIONS}:*")}
    | {
        ("sqs:ReceiveMessage", "JobQueueDeadLetters"),
        ("sqs:ChangeMessageVisibility", "JobQueueDeadLetters"),
    },
    "announce_job": {
        (f"dynamodb:{action}", "Jobs.StreamArn")
        for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    }
    | read("jobs/*/plan.json", "jobs/*/result.json")
    | LIST
    | {("events:PutEvents", "AnnouncingBus"), ("sqs:SendMessage", "Webhooks")}
    | failing_into("AnnouncingMissed"),
    "deliver_webhook": jobs("GetItem", "UpdateItem")
    | {
        (f"sqs:{action}", "Webhooks")
        for action in (
            "ChangeMessageVisibility",
            "DeleteMessage",
            "GetQueueAttributes",
            "ReceiveMessage",
        )
    }
    | {("secretsmanager:GetSecretValue", "WebhooksSecret")},
    "resize_snapshot": read("jobs/*/out/snapshots/*")
    | write("jobs/*/out/snapshots/resized/*")
    | LIST,
    "handle_api": jobs("BatchGetItem", "GetItem")
    | {("dynamodb:Query", f"Jobs/index/{index}") for index in ("by_owner", "by_day")}
    | {("dynamodb:GetItem", "Submissions"), ("dynamodb:PutItem", "Submissions")}
    | {("sqs:SendMessage", "JobQueue")}
    | {
        ("lambda:InvokeFunction", f"{one}Function")
        for one in ("RegisterJob", "CancelJob", "ResizeSnapshot")
    }
    | read("jobs/*/plan.json", "jobs/*/result.json", "jobs/*/out/*")
    | write("uploads/*")
    | LIST,
}


def stem(folder: str) -> str:
    return "".join(word.capitalize() for word in folder.split("_"))


@pytest.mark.aws("iam")
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_may_do_only_its_own_work(stack: Synthesis, folder: str) -> None:
    own_log = {
        (f"logs:{action}", f"{stem(folder)}FunctionLog")
        for action in ("CreateLogStream", "PutLogEvents")
    }

    granted = stack.grants()[f"{stem(folder)}FunctionRole"]

    assert granted == EXPECTED[folder] | KEY | TRACES | own_log


def test_every_function_has_a_role_of_its_own(stack: Synthesis) -> None:
    roles = {str(function["Role"]) for function in stack.functions().values()}

    assert len(roles) == len(FOLDERS)


def test_a_role_serves_one_service_of_this_account(stack: Synthesis) -> None:
    for role in stack.of_type("AWS::IAM::Role").values():
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        service = trust["Principal"]["Service"]
        assert "ManagedPolicyArns" not in role["Properties"]
        if service != "lambda.amazonaws.com":
            assert trust["Condition"] == {
                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
            }


def test_source_buckets_are_read_by_those_who_read_sources(synthesize: Synthesize) -> None:
    granted = synthesize(source_buckets="footage").grants()

    readers = {role for role, pairs in granted.items() if any("footage" in r for _, r in pairs)}
    assert readers == {
        f"{stem(folder)}FunctionRole"
        for folder in ("plan_render", "render_chunk", "render_audio", "take_snapshots")
    }
    assert ("s3:GetObject", "arn:partition:s3:::footage/*") in granted["RenderChunkFunctionRole"]
