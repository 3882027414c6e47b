"""The stack: composes the constructs, tags them, and holds every grant between them."""

from collections import defaultdict
from collections.abc import Sequence

from aws_cdk import CfnOutput, Environment, RemovalPolicy, Stack, Tags
from aws_cdk import aws_iam as iam
from constructs import Construct

from infrastructure import findings
from infrastructure.alerts import Alerts
from infrastructure.encryption import EncryptionKey
from infrastructure.ended_executions import EndedExecutions
from infrastructure.job_function import JobFunction
from infrastructure.job_functions import JobFunctions, Surroundings, log_group
from infrastructure.job_pipe import JobPipe
from infrastructure.job_queue import JobQueue
from infrastructure.layers import Layers
from infrastructure.media_bucket import MediaBucket
from infrastructure.reconciling import Reconciling
from infrastructure.records_table import RecordsTable
from infrastructure.render_machine import RenderMachine
from infrastructure.stage import Stage

_LOCAL = Environment(account="000000000000", region="us-east-1")
_KEY_USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
"""What S3 and DynamoDB ask of the caller where a table or bucket has a key of one's own."""
_REMOVALS = {"retain": RemovalPolicy.RETAIN, "destroy": RemovalPolicy.DESTROY}


class ReelwrightStack(Stack):
    """One Reelwright."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(
            scope,
            stage.stack_name,
            description="Reelwright: renders video in many small functions",
            env=_LOCAL if stage.target == "local" else None,
        )
        self.stage = stage
        removal = _REMOVALS[stage.removal_policy]
        self.key = EncryptionKey(self, "Key", removal=removal).key
        self.bucket = MediaBucket(
            self,
            "Media",
            key=self.key,
            removal=removal,
            parts_expire_days=stage.parts_expire_days,
        ).bucket
        self.table = RecordsTable(
            self, "Jobs", partition_key="job_id", key=self.key, removal=removal
        ).table
        self.turns = RecordsTable(
            self,
            "Turns",
            partition_key="lane",
            sort_key="sequence",
            key=self.key,
            removal=removal,
        ).table
        self.jobs = JobQueue(self, "JobQueue", key=self.key, work_s=stage.desk_timeout_s)
        around = Surroundings(
            stage=stage,
            layers=Layers(self, "Layers", stage=stage),
            bucket=self.bucket,
            table=self.table,
            turns=self.turns,
            dead_letters=self.jobs.dead_letters,
            key=self.key,
            removal=removal,
        )
        self.functions = JobFunctions.build(self, around)
        self.render = RenderMachine(
            self,
            "RenderMachine",
            stage=stage,
            functions=self.functions.called_by_the_machine(),
            table=self.table,
            log_group=log_group(self, "RenderMachineLog", around),
        )
        pipe_log = log_group(self, "JobPipeLog", around)
        self.pipe = JobPipe(
            self,
            "JobPipe",
            source=self.jobs.queue,
            enrichment=self.functions.register_job.function,
            target=self.render.machine,
            log_group=pipe_log,
        )
        pipe_log.grant_write(self.pipe.role)
        self.ended = EndedExecutions(
            self,
            "EndedExecutions",
            machine=self.render.machine,
            handler=self.functions.finish_job.function,
            key=self.key,
        )
        Reconciling(self, "Reconciling", reconciler=self.functions.reconcile_jobs.function)
        findings.accept_dead_letter_queue(self.ended.missed)
        findings.accept_definition(self.render.machine)
        self._prefixes: defaultdict[str, set[str]] = defaultdict(set)
        self._watch()
        self._grant_records()
        self._grant_to_functions()
        self._grant_executions()
        self._grant_to_machine()
        self._grant_to_pipe()
        self._output()
        Tags.of(self).add("application", "reelwright")
        Tags.of(self).add("stage", stage.stage)

    def _watch(self) -> None:
        alerts = Alerts(self, "Alerts", key=self.key)
        alerts.when_not_empty(
            "LostMessages",
            self.jobs.dead_letters,
            "A job's message was received five times and no execution could be started for it.",
        )
        alerts.when_not_empty(
            "MissedEnds",
            self.ended.missed,
            "An execution ended without its own last state, and its job could not be ended.",
        )

    def _grant_records(self) -> None:
        does = self.functions
        for each in (does.register_job, does.claim_job, does.finish_job, does.reconcile_jobs):
            self._jobs(each, "GetItem", "PutItem", "UpdateItem")
        for each in (does.plan_render, does.cancel_job):
            self._jobs(each, "GetItem", "UpdateItem")
        for each in (does.request_turn, does.render_chunk, does.render_audio, does.take_snapshots):
            self._jobs(each, "GetItem")
        self._jobs(does.assemble_render, "UpdateItem")
        for each in (does.register_job, does.claim_job, does.reconcile_jobs):
            self._turns(each, "GetItem", "PutItem", "UpdateItem")
        self._turns(does.plan_render, "GetItem", "UpdateItem")
        for each in does.granting():
            self._turns(each, "GetItem", "Scan", "UpdateItem")
        for each in (does.finish_job, does.cancel_job, does.reconcile_jobs):
            self._turns(each, "DeleteItem")
        letters = self.jobs.dead_letters.queue_arn
        _add(
            does.reconcile_jobs.role,
            ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"],
            [letters],
        )

    def _grant_to_functions(self) -> None:
        does = self.functions
        self._media(does.plan_render, "PutObject", "jobs/*/plan.json", "jobs/*/chunks.json")
        self._media(does.plan_render, "DeleteObject", "parts/*/source")
        for each in (does.plan_render, does.render_chunk, does.render_audio, does.take_snapshots):
            self._media(each, "GetObject", "uploads/*", "parts/*", "jobs/*/plan.json")
            self._media(each, "PutObject", "parts/*")
            self._sources(each)
        self._media(does.assemble_render, "GetObject", "jobs/*/plan.json", "parts/*")
        for action in "GetObject", "PutObject":
            self._media(does.assemble_render, action, "jobs/*/out/*", "jobs/*/result.json")
        self._media(does.assemble_render, "DeleteObject", "jobs/*/out/*")
        self._media(does.finish_job, "GetObject", "jobs/*/out/*", "jobs/*/result.json")
        for each in does.all():
            _add(each.role, _KEY_USE, [self.key.key_arn])
            if self._prefixes[each.folder]:
                # Without it, S3 answers for an object that is not there with 403, not 404. A
                # prefix can't be demanded: asking for one object names none.
                _add(each.role, ["s3:ListBucket"], [self.bucket.bucket_arn])
            findings.accept_runtime(each)
            findings.accept_prefixes(each.role, self.bucket, self._prefixes[each.folder])
        findings.accept_queue_key(does.finish_job.role)

    def _grant_executions(self) -> None:
        """The machine needs its functions, and they their roles' policies, before it is there: what
        names the machine is in policies of its own."""
        does, render = self.functions, self.render
        look, stop = "states:DescribeExecution", "states:StopExecution"
        for each in does.granting():
            own = iam.Policy(self, f"{each.node.id}Executions", roles=[each.role])
            own.add_statements(_allow(["states:SendTaskSuccess"], [render.arn]))
            if each is does.cancel_job:
                own.add_statements(_allow([stop], [render.executions_arn]))
            if each is does.reconcile_jobs:
                own.add_statements(_allow([look, stop], [render.executions_arn]))
            findings.accept_executions(own, render.machine)

    def _jobs(self, function: JobFunction, *actions: str) -> None:
        _add(function.role, [f"dynamodb:{action}" for action in actions], [self.table.table_arn])

    def _turns(self, function: JobFunction, *actions: str) -> None:
        _add(function.role, [f"dynamodb:{action}" for action in actions], [self.turns.table_arn])

    def _media(self, function: JobFunction, action: str, *patterns: str) -> None:
        """Who may write an object may also give up writing it halfway."""
        extra = ["s3:AbortMultipartUpload"] if action == "PutObject" else []
        _add(function.role, [f"s3:{action}", *extra], self._objects(*patterns))
        self._prefixes[function.folder].update(patterns)

    def _sources(self, function: JobFunction) -> None:
        names = self.stage.source_buckets
        if not names:
            return
        buckets = [f"arn:{self.partition}:s3:::{name}" for name in names]
        _add(function.role, ["s3:GetObject"], [f"{bucket}/*" for bucket in buckets])
        _add(function.role, ["s3:ListBucket"], buckets)
        findings.accept_source_buckets(function.role, names)

    def _grant_to_machine(self) -> None:
        role = self.render.role
        called = self.functions.called_by_the_machine()
        _add(role, ["lambda:InvokeFunction"], [each.function.function_arn for each in called])
        _add(role, ["dynamodb:UpdateItem"], [self.table.table_arn])
        _add(role, ["s3:GetObject"], self._objects("jobs/*/chunks.json"))
        _add(role, _KEY_USE, [self.key.key_arn])
        findings.accept_prefixes(role, self.bucket, ["jobs/*/chunks.json"])
        # A Distributed Map starts and watches executions of its own machine. The machine needs
        # its role's policy first, so what names the machine is a policy of its own.
        own = iam.Policy(self, "ChunkExecutions", roles=[role])
        for actions, resource in (
            (["states:StartExecution"], self.render.arn),
            (["states:DescribeExecution", "states:StopExecution"], self.render.executions_arn),
            (["states:RedriveExecution"], self.render.chunk_executions_arn),
        ):
            own.add_statements(_allow(actions, [resource]))
        findings.accept_executions(own, self.render.machine)
        # A message that waits already must not start a machine that may not run its Map yet.
        self.pipe.pipe.node.add_dependency(own)

    def _grant_to_pipe(self) -> None:
        role, queue = self.pipe.role, self.jobs.queue.queue_arn
        enrichment = self.functions.register_job.function.function_arn
        _add(role, ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [queue])
        _add(role, ["kms:Decrypt"], [self.key.key_arn])
        _add(role, ["lambda:InvokeFunction"], [enrichment])
        _add(role, ["states:StartExecution"], [self.render.arn])

    def _output(self) -> None:
        for name, value in {
            "QueueUrl": self.jobs.queue.queue_url,
            "QueueArn": self.jobs.queue.queue_arn,
            "QueueName": self.jobs.queue.queue_name,
            "DeadLetterQueueUrl": self.jobs.dead_letters.queue_url,
            "Region": self.region,
            "StateMachineArn": self.render.arn,
            "JobsTableName": self.table.table_name,
            "TurnsTableName": self.turns.table_name,
            "CancelJobFunctionName": self.functions.cancel_job.function.function_name,
            "MediaBucketName": self.bucket.bucket_name,
        }.items():
            CfnOutput(self, name, value=value)

    def _objects(self, *patterns: str) -> list[str]:
        return [self.bucket.arn_for_objects(pattern) for pattern in patterns]


def _add(role: iam.Role, actions: Sequence[str], resources: Sequence[str]) -> None:
    role.add_to_policy(_allow(actions, resources))


def _allow(actions: Sequence[str], resources: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))
