"""What each resource promises."""

import json
from typing import Any

import pytest

from infrastructure.stage import Stage
from tests.infrastructure.conftest import Synthesize
from tests.infrastructure.synthesis import FOLDERS, Resource, Synthesis, plain

DENY_WITHOUT_TLS = {"Bool": {"aws:SecureTransport": "false"}}


def queues(stack: Synthesis) -> dict[str, Resource]:
    found = stack.of_type("AWS::SQS::Queue")
    return {plain({"Ref": name}): queue["Properties"] for name, queue in found.items()}


def definition(stack: Synthesis) -> Resource:
    machine: Resource = json.loads(
        stack.only("AWS::StepFunctions::StateMachine")["DefinitionString"]
    )
    return machine


def test_the_outputs_are_those_that_clients_read(stack: Synthesis) -> None:
    assert set(stack.template["Outputs"]) == {
        "QueueUrl",
        "QueueArn",
        "QueueName",
        "DeadLetterQueueUrl",
        "Region",
        "StateMachineArn",
        "JobsTableName",
        "TurnsTableName",
        "CancelJobFunctionName",
        "MediaBucketName",
        "ApiUrl",
        "UserPoolId",
        "UserPoolClientId",
        "EventBusName",
        "JobsTopicArn",
        "MissedEventsQueueUrl",
        "AnnounceJobFunctionName",
        "WebhookSecretArn",
        "WebhookDeadLetterQueueUrl",
    }


@pytest.mark.parametrize("kind", ["S3::Bucket", "SQS::Queue", "SNS::Topic"])
def test_nothing_is_spoken_to_without_tls(stack: Synthesis, kind: str) -> None:
    policies = stack.of_type(f"AWS::{kind}Policy").values()
    refused = [
        policy
        for policy in policies
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == DENY_WITHOUT_TLS
    ]

    assert len(refused) == len(stack.of_type(f"AWS::{kind}"))


def test_the_queue_waits_for_the_pipe_and_gives_up_after_five(stack: Synthesis) -> None:
    queue = queues(stack)["JobQueue"]
    register_s = stack.functions()["register_job"]["Timeout"]

    assert queue["FifoQueue"] is True
    assert queue["VisibilityTimeout"] >= 6 * register_s
    assert queue["MessageRetentionPeriod"] == 4 * 86_400
    assert queue["ReceiveMessageWaitTimeSeconds"] == 20
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert plain(queue["RedrivePolicy"]["deadLetterTargetArn"]) == "JobQueueDeadLetters"
    assert (queue["DeduplicationScope"], queue["FifoThroughputLimit"]) == (
        "messageGroup",
        "perMessageGroupId",
    )
    assert queues(stack)["JobQueueDeadLetters"]["FifoQueue"] is True


def test_all_that_is_kept_is_encrypted_with_the_one_key(stack: Synthesis) -> None:
    assert stack.only("AWS::KMS::Key")["EnableKeyRotation"] is True
    for queue in queues(stack).values():
        assert plain(queue["KmsMasterKeyId"]) == "Key"
    for topic in stack.of_type("AWS::SNS::Topic").values():
        assert plain(topic["Properties"]["KmsMasterKeyId"]) == "Key"
    for group in stack.of_type("AWS::Logs::LogGroup").values():
        assert plain(group["Properties"]["KmsKeyId"]) == "Key"
        assert group["Properties"]["RetentionInDays"] == 30
    for table in stack.of_type("AWS::DynamoDB::Table").values():
        assert plain(table["Properties"]["SSESpecification"]["KMSMasterKeyId"]) == "Key"


@pytest.mark.aws("kms")
def test_services_use_the_key_for_this_stack_only(stack: Synthesis) -> None:
    statements = stack.only("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    services = [one for one in statements if "Service" in one["Principal"]]

    assert {plain(one["Principal"]["Service"]).split(".")[0] for one in services} == {
        "cloudwatch",
        "events",
        "logs",
    }
    unbound = {one["Principal"]["Service"] for one in services if "Condition" not in one}
    # EventBridge names no account when it writes to an encrypted queue; the queue's policy does.
    assert unbound == {"events.amazonaws.com"}


@pytest.mark.aws("pipe-start")
def test_the_pipe_starts_one_execution_for_one_message(stack: Synthesis) -> None:
    pipe = stack.only("AWS::Pipes::Pipe")

    assert plain(pipe["Source"]) == "JobQueue"
    assert pipe["SourceParameters"] == {"SqsQueueParameters": {"BatchSize": 1}}
    assert plain(pipe["Enrichment"]) == "RegisterJobFunction"
    assert plain(pipe["Target"]) == "RenderMachineCurrent"
    assert pipe["TargetParameters"] == {
        "StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"}
    }


def test_the_machine_is_standard_traced_and_logged_without_inputs(stack: Synthesis) -> None:
    machine = stack.only("AWS::StepFunctions::StateMachine")

    assert machine["StateMachineType"] == "STANDARD"
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_every_placeholder_of_the_machine_is_filled(stack: Synthesis) -> None:
    machine = stack.only("AWS::StepFunctions::StateMachine")
    used = {piece.split("}")[0] for piece in machine["DefinitionString"].split("${")[1:]}

    assert used == set(machine["DefinitionSubstitutions"])


def test_the_stage_sets_the_machines_timeouts(synthesize: Synthesize) -> None:
    machine = definition(synthesize(chunk_timeout_s=60, job_timeout_s=7200, max_wait_s=600))
    text = json.dumps(machine)

    assert machine["TimeoutSeconds"] == 7800
    assert machine["States"]["Wait For Turn"]["TimeoutSeconds"] == 600
    assert (
        '"FunctionName": "${RenderChunkFunctionArn}", "Payload": "{% $states.input %}"}, ' in text
    )
    assert '"TimeoutSeconds": 75' in text


@pytest.mark.aws("eb-retry")
def test_ended_executions_reach_finish_job_or_are_kept(stack: Synthesis) -> None:
    rule = stack.named("EndedExecutions")
    (target,) = rule["Targets"]

    pattern = rule["EventPattern"]
    assert pattern["source"] == ["aws.states"]
    assert pattern["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert [plain(arn) for arn in pattern["detail"]["stateMachineArn"]] == ["RenderMachine"]
    assert plain(target["Arn"]) == "FinishJobFunction"
    assert plain(target["DeadLetterConfig"]["Arn"]) == "EndedExecutionsMissed"
    retries = stack.named("EndedExecutionsRetries")
    assert plain(retries["FunctionName"]) == "FinishJobFunction"
    assert (
        plain(retries["DestinationConfig"]["OnFailure"]["Destination"]) == "EndedExecutionsMissed"
    )


def test_every_minute_the_reconciler_is_called(synthesize: Synthesize) -> None:
    stack = synthesize(max_active_jobs=3, never_started_after_s=120, job_timeout_s=7200)
    rule = stack.named("Reconciling")
    (target,) = rule["Targets"]
    told = stack.functions()["reconcile_jobs"]["Environment"]["Variables"]

    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
    assert plain(target["Arn"]) == "ReconcileJobsFunction"
    assert (told["NEVER_STARTED_AFTER_S"], told["JOB_TIMEOUT_S"]) == ("120", "7200")
    assert plain(told["DEAD_LETTERS_URL"]) == "JobQueueDeadLetters"


def test_all_that_grant_turns_know_the_ceiling(synthesize: Synthesize) -> None:
    functions = synthesize(max_active_jobs=3).functions()

    told = {
        folder: function["Environment"]["Variables"].get("MAX_ACTIVE_JOBS")
        for folder, function in functions.items()
    }
    assert {folder for folder, ceiling in told.items() if ceiling == "3"} == {
        "request_turn",
        "finish_job",
        "cancel_job",
        "reconcile_jobs",
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_is_traced_bounded_and_logs_to_its_own_group(
    stack: Synthesis, folder: str
) -> None:
    function = stack.functions()[folder]

    assert function["Handler"] == f"functions.{folder}.handler.handle"
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == folder
    assert plain(function["LoggingConfig"]["LogGroup"]).endswith("FunctionLog")


def test_the_planner_is_told_the_stages_limits(synthesize: Synthesize) -> None:
    stack = synthesize(chunk_memory_mb=3008, max_parallel=7, source_buckets="footage")
    variables: dict[str, Any] = stack.functions()["plan_render"]["Environment"]["Variables"]

    assert variables["RENDER_THREADS"] == "2"
    assert variables["CHUNK_MEMORY_MB"] == "3008"
    assert variables["AUDIO_STORAGE_MB"] == "4096"
    assert variables["ASSEMBLE_TIMEOUT_S"] == "900"
    assert variables["MAX_PARALLEL"] == "7"
    assert variables["SOURCE_BUCKETS"] == "footage"
    for name in (
        *("max_source_bytes", "max_source_pixels", "max_source_side", "max_source_duration_s"),
        *("max_source_streams", "max_scan_bytes", "source_fetch_timeout_s", "plan_memory_mb"),
    ):
        assert int(variables[name.upper()]) == getattr(Stage(), name)


def test_everything_is_tagged(stack: Synthesis) -> None:
    tags = stack.named("Jobs")["Tags"]

    assert {"Key": "application", "Value": "reelwright"} in tags
    assert {"Key": "stage", "Value": "main"} in tags
