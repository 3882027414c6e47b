"""The stack: composes the constructs and tags them; grants.py holds every grant between them."""

from aws_cdk import CfnOutput, Environment, RemovalPolicy, Stack, Tags
from constructs import Construct

from infrastructure import findings
from infrastructure.alerts import Alerts
from infrastructure.encryption import EncryptionKey
from infrastructure.ended_executions import EndedExecutions
from infrastructure.grants import Grants
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
        self._watch()
        Grants(self)
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
