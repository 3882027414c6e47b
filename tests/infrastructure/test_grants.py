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
RECORDS: Grants = {(f"dynamodb:{action}Item", "Jobs") for action in ("Get", "Put", "Update")}


def read(*patterns: str) -> Grants:
    return {("s3:GetObject", f"Media/{pattern}") for pattern in patterns}


def write(*patterns: str) -> Grants:
    actions = ("s3:PutObject", "s3:AbortMultipartUpload")
    return {(action, f"Media/{pattern}") for action in actions for pattern in patterns}


WORKER = read("uploads/*", "parts/*", "jobs/*/plan.json") | write("parts/*") | LIST
EXPECTED: dict[str, Grants] = {
    "register_job": RECORDS,
    "claim_job": RECORDS,
    "plan_render": WORKER
    | write("jobs/*/plan.json", "jobs/*/chunks.json")
    | {("dynamodb:GetItem", "Jobs"), ("s3:DeleteObject", "Media/parts/*/source")},
    "render_chunk": WORKER,
    "render_audio": WORKER,
    "take_snapshots": WORKER,
    "assemble_render": read("parts/*", "jobs/*/plan.json", "jobs/*/out/*", "jobs/*/result.json")
    | write("jobs/*/out/*", "jobs/*/result.json")
    | {("s3:DeleteObject", "Media/jobs/*/out/*")}
    | LIST,
    "finish_job": RECORDS
    | read("jobs/*/out/*", "jobs/*/result.json")
    | LIST
    # Its failed events go to an encrypted queue.
    | {("sqs:SendMessage", "EndedExecutionsMissed")}
    | {
        ("sqs:GetQueueAttributes", "EndedExecutionsMissed"),
        ("sqs:GetQueueUrl", "EndedExecutionsMissed"),
    }
    | {("kms:GenerateDataKey*", "Key"), ("kms:ReEncrypt*", "Key")},
}


def stem(folder: str) -> str:
    return "".join(word.capitalize() for word in folder.split("_"))


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


def test_the_machine_may_do_what_its_states_do(stack: Synthesis) -> None:
    called = {
        ("lambda:InvokeFunction", f"{stem(folder)}Function")
        for folder in FOLDERS
        if folder != "register_job"
    }
    executions = "arn:partition:states:region:accountid:execution:RenderMachine.Name"

    granted = stack.grants()["RenderMachineRole"]

    beside = {pair for pair in granted if not pair[0].startswith(("logs:", "xray:"))}
    assert beside == called | KEY | read("jobs/*/chunks.json") | {
        ("dynamodb:UpdateItem", "Jobs"),
        ("states:StartExecution", "RenderMachine"),
        ("states:DescribeExecution", f"{executions}:*"),
        ("states:StopExecution", f"{executions}:*"),
        ("states:RedriveExecution", f"{executions}/*"),
    }


def test_the_pipe_may_take_enrich_and_start(stack: Synthesis) -> None:
    assert stack.grants()["JobPipeRole"] == {
        ("sqs:ReceiveMessage", "JobQueue"),
        ("sqs:DeleteMessage", "JobQueue"),
        ("sqs:GetQueueAttributes", "JobQueue"),
        ("kms:Decrypt", "Key"),
        ("lambda:InvokeFunction", "RegisterJobFunction"),
        ("states:StartExecution", "RenderMachine"),
        ("logs:CreateLogStream", "JobPipeLog"),
        ("logs:PutLogEvents", "JobPipeLog"),
    }


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
