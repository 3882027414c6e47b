"""The functions: what each gets of the machine, which layers and which settings."""

from dataclasses import dataclass
from typing import Self

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.encrypted_log import encrypted_log
from infrastructure.job_function import JobFunction, Sizing, construct_name
from infrastructure.layers import Layers
from infrastructure.network import Network
from infrastructure.stage import Stage
from infrastructure.webhooks import Webhooks

API_TIMEOUT_S = 29
"""API Gateway waits for 30 seconds."""
RESIZE_TIMEOUT_S = 20
"""The API, which waits for it, has 29."""
WEBHOOK_TIMEOUT_S = 30
"""An attempt waits ten seconds for its receiver."""
PINNED = frozenset(
    {
        "plan_render",
        "render_chunk",
        "render_audio",
        "take_snapshots",
        "take_live_snapshots",
        "assemble_render",
    }
)
"""They make a job's files: a job is done by the versions it was started with. The others keep books
that jobs of all versions share (docs/decisions/0017-versions.md)."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What every function is placed among."""

    stage: Stage
    layers: Layers
    bucket: s3.IBucket
    table: dynamodb.ITable
    turns: dynamodb.ITable
    submissions: dynamodb.ITable
    queue: sqs.IQueue
    dead_letters: sqs.IQueue
    bus: events.IEventBus
    webhooks: Webhooks
    key: kms.IKey
    removal: RemovalPolicy
    network: Network | None
    shown: secretsmanager.ISecret | None
    """What the distribution before the API shows to its function, where there is one."""


@dataclass(frozen=True, kw_only=True)
class JobFunctions:
    """Field names are the folders' names."""

    register_job: JobFunction
    claim_job: JobFunction
    request_turn: JobFunction
    plan_render: JobFunction
    render_chunk: JobFunction
    render_audio: JobFunction
    take_snapshots: JobFunction
    take_live_snapshots: JobFunction
    assemble_render: JobFunction
    finish_job: JobFunction
    cancel_job: JobFunction
    reconcile_jobs: JobFunction
    announce_job: JobFunction
    deliver_webhook: JobFunction
    resize_snapshot: JobFunction
    handle_api: JobFunction

    @classmethod
    def build(cls, scope: Construct, around: Surroundings) -> Self:
        stage, layers = around.stage, around.layers
        media = {"MEDIA_BUCKET": around.bucket.bucket_name}
        records = {
            "JOBS_TABLE": around.table.table_name,
            "TURNS_TABLE": around.turns.table_name,
        }
        granting = {"MAX_ACTIVE_JOBS": str(stage.max_active_jobs)}
        reconciling = {
            "NEVER_STARTED_AFTER_S": str(stage.never_started_after_s),
            "JOB_TIMEOUT_S": str(stage.job_timeout_s),
            "DEAD_LETTERS_URL": around.dead_letters.queue_url,
        }
        sources = {"SOURCE_BUCKETS": ",".join(stage.source_buckets)}
        if not stage.way_out:
            sources["WAY_OUT"] = "none"
        planning = {
            "RENDER_THREADS": str(stage.render_threads),
            "CHUNK_MEMORY_MB": str(stage.chunk_memory_mb),
            "AUDIO_STORAGE_MB": str(stage.audio_storage_mb),
            "ASSEMBLE_TIMEOUT_S": str(stage.assemble_timeout_s),
            "MAX_PARALLEL": str(stage.max_parallel),
            "MAX_SOURCE_BYTES": str(stage.max_source_bytes),
            "MAX_SOURCE_PIXELS": str(stage.max_source_pixels),
            "MAX_SOURCE_SIDE": str(stage.max_source_side),
            "MAX_SOURCE_DURATION_S": str(stage.max_source_duration_s),
            "PLAN_MEMORY_MB": str(stage.plan_memory_mb),
            "MAX_SOURCE_STREAMS": str(stage.max_source_streams),
            "MAX_SCAN_BYTES": str(stage.max_scan_bytes),
            "SOURCE_FETCH_TIMEOUT_S": str(stage.source_fetch_timeout_s),
            "JOB_TIMEOUT_S": str(stage.job_timeout_s),
        }
        costing = {
            "CHUNK_EXECUTION_TYPE": stage.chunk_execution_type,
            "PARTS_EXPIRE_DAYS": str(stage.parts_expire_days),
        }
        webhooks = {"WEBHOOKS_URL": around.webhooks.queue.queue_url}
        metrics = {"METRICS_STACK": stage.stack_name} if stage.dashboard else {}
        desk = Sizing(stage.desk_memory_mb, stage.desk_timeout_s)

        def function(
            folder: str,
            sizing: Sizing,
            environment: dict[str, str],
            *extra: lambda_.ILayerVersion,
        ) -> JobFunction:
            return JobFunction(
                scope,
                folder=folder,
                stage=stage,
                sizing=sizing,
                layers=[layers.dependencies, *extra],
                log_group=log_group(scope, f"{construct_name(folder)}Log", around),
                environment=environment,
                network=around.network,
                pinned=folder in PINNED,
            )

        register_job = function("register_job", desk, media | records | sources)
        cancel_job = function("cancel_job", desk, records | granting)
        resize_snapshot = function(
            "resize_snapshot",
            Sizing(stage.snapshots_memory_mb, RESIZE_TIMEOUT_S),
            media,
            layers.ffmpeg,
        )
        calling = {
            "SUBMISSIONS_TABLE": around.submissions.table_name,
            "QUEUE_URL": around.queue.queue_url,
            "REGISTER_JOB_FUNCTION": register_job.function.function_name,
            "CANCEL_JOB_FUNCTION": cancel_job.function.function_name,
            "RESIZE_SNAPSHOT_FUNCTION": resize_snapshot.function.function_name,
            "MAX_SOURCE_BYTES": str(stage.max_source_bytes),
        }
        if around.shown:
            calling["PASS_SECRET_ARN"] = around.shown.secret_arn
        return cls(
            register_job=register_job,
            claim_job=function("claim_job", desk, media | records | sources),
            request_turn=function("request_turn", desk, records | granting),
            plan_render=function(
                "plan_render",
                Sizing(stage.plan_memory_mb, stage.plan_timeout_s, stage.plan_storage_mb),
                media | records | sources | planning,
                layers.probe,
            ),
            render_chunk=function(
                "render_chunk",
                Sizing(stage.chunk_memory_mb, stage.chunk_timeout_s, stage.chunk_storage_mb),
                media | records,
                layers.ffmpeg,
            ),
            render_audio=function(
                "render_audio",
                Sizing(stage.audio_memory_mb, stage.audio_timeout_s, stage.audio_storage_mb),
                media | records,
                layers.ffmpeg,
            ),
            take_snapshots=function(
                "take_snapshots",
                Sizing(
                    stage.snapshots_memory_mb, stage.snapshots_timeout_s, stage.snapshots_storage_mb
                ),
                media | records,
                layers.ffmpeg,
            ),
            take_live_snapshots=function(
                "take_live_snapshots",
                Sizing(stage.snapshots_memory_mb, stage.live_timeout_s, stage.snapshots_storage_mb),
                media | records | {"MAX_SOURCE_PIXELS": str(stage.max_source_pixels)},
                layers.ffmpeg,
            ),
            assemble_render=function(
                "assemble_render",
                Sizing(
                    stage.assemble_memory_mb, stage.assemble_timeout_s, stage.assemble_storage_mb
                ),
                media | records | costing,
                layers.ffmpeg,
            ),
            finish_job=function("finish_job", desk, media | records | granting | costing),
            cancel_job=cancel_job,
            reconcile_jobs=function(
                "reconcile_jobs", desk, media | records | sources | granting | reconciling | metrics
            ),
            announce_job=function(
                "announce_job",
                desk,
                media | webhooks | metrics | {"EVENT_BUS": around.bus.event_bus_name},
            ),
            deliver_webhook=function(
                "deliver_webhook",
                Sizing(stage.desk_memory_mb, WEBHOOK_TIMEOUT_S),
                records | webhooks | {"WEBHOOK_SECRET_ARN": around.webhooks.secret.secret_arn},
            ),
            resize_snapshot=resize_snapshot,
            handle_api=function(
                "handle_api",
                Sizing(stage.api_memory_mb, API_TIMEOUT_S),
                media | records | sources | calling,
            ),
        )

    def all(self) -> tuple[JobFunction, ...]:
        return tuple(vars(self).values())

    def called_by_the_machine(self) -> tuple[JobFunction, ...]:
        """The others run before, beside and after executions."""
        others = (
            self.register_job,
            self.cancel_job,
            self.reconcile_jobs,
            self.announce_job,
            self.deliver_webhook,
            self.resize_snapshot,
            self.handle_api,
        )
        return tuple(each for each in self.all() if each not in others)

    def granting(self) -> tuple[JobFunction, ...]:
        """Those that grant turns, which is told to the executions that wait for them."""
        return (self.request_turn, self.finish_job, self.cancel_job, self.reconcile_jobs)


def log_group(scope: Construct, construct_id: str, around: Surroundings) -> logs.LogGroup:
    return encrypted_log(
        scope, construct_id, stage=around.stage, key=around.key, removal=around.removal
    )
