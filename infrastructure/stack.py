"""The stack: composes the constructs and tags them; grants.py holds every grant between them."""

from aws_cdk import CfnOutput, Environment, RemovalPolicy, Stack, Tags
from aws_cdk.aws_secretsmanager import ISecret
from constructs import Construct

from infrastructure import findings
from infrastructure.announcing import Announcing
from infrastructure.api import Api
from infrastructure.delivery import Delivery
from infrastructure.encryption import EncryptionKey
from infrastructure.ended_executions import EndedExecutions
from infrastructure.firewall import Firewall, Pass
from infrastructure.grants import Grants
from infrastructure.ivs_streams import IvsStreams
from infrastructure.job_functions import (
    WEBHOOK_TIMEOUT_S,
    JobFunctions,
    Surroundings,
    log_group,
)
from infrastructure.job_pipe import JobPipe
from infrastructure.job_queue import JobQueue
from infrastructure.layers import Layers
from infrastructure.media_bucket import MediaBucket
from infrastructure.network import Network
from infrastructure.reconciling import Reconciling
from infrastructure.records_table import RecordsTable
from infrastructure.render_machine import RenderMachine
from infrastructure.stage import Stage
from infrastructure.users import Users
from infrastructure.watching import Watching
from infrastructure.webhooks import Webhooks

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
        self.key = EncryptionKey(self, "Key", removal=removal, arn=stage.key_arn).key
        self.bucket = MediaBucket(
            self,
            "Media",
            key=self.key,
            removal=removal,
            parts_expire_days=stage.parts_expire_days,
            uploads_expire_days=stage.uploads_expire_days,
            outputs_expire_days=stage.outputs_expire_days,
            cors_origins=stage.cors_origins,
        ).bucket
        self.table = RecordsTable(
            self,
            "Jobs",
            partition_key="job_id",
            key=self.key,
            removal=removal,
            streams=True,
            indexes={"by_owner": ("owner", "created_at"), "by_day": ("created_day", "created_at")},
        ).table
        self.submissions = RecordsTable(
            self,
            "Submissions",
            partition_key="job_id",
            key=self.key,
            removal=removal,
            expires_at="expires_at",
        ).table
        self.turns = RecordsTable(
            self,
            "Turns",
            partition_key="lane",
            sort_key="sequence",
            key=self.key,
            removal=removal,
        ).table
        self.jobs = JobQueue(
            self,
            "JobQueue",
            key=self.key,
            work_s=stage.desk_timeout_s,
            takes_events=bool(stage.ivs_channels),
        )
        self.announcing = Announcing(
            self, "Announcing", key=self.key, notify_email=stage.notify_email
        )
        self.webhooks = Webhooks(
            self, "Webhooks", key=self.key, removal=removal, work_s=WEBHOOK_TIMEOUT_S
        )
        self.network = self._network(removal)
        self.shown = self._pass(removal)
        around = Surroundings(
            stage=stage,
            layers=Layers(self, "Layers", stage=stage),
            bucket=self.bucket,
            table=self.table,
            turns=self.turns,
            submissions=self.submissions,
            queue=self.jobs.queue,
            dead_letters=self.jobs.dead_letters,
            bus=self.announcing.bus,
            webhooks=self.webhooks,
            key=self.key,
            removal=removal,
            network=self.network,
            shown=self.shown,
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
        self.pipe_log = log_group(self, "JobPipeLog", around)
        self.pipe = JobPipe(
            self,
            "JobPipe",
            source=self.jobs.queue,
            enrichment=self.functions.register_job.function,
            target=self.render.alias,
            log_group=self.pipe_log,
        )
        self.pipe_log.grant_write(self.pipe.role)
        self.ended = EndedExecutions(
            self,
            "EndedExecutions",
            machine=self.render.machine,
            handler=self.functions.finish_job.function,
            key=self.key,
        )
        Reconciling(self, "Reconciling", reconciler=self.functions.reconcile_jobs.function)
        self.announcing.listen(self.table, self.functions.announce_job.function)
        self.webhooks.deliver_by(self.functions.deliver_webhook.function)
        self.ivs = self._listen_to_ivs()
        self.users = Users(self, "Users", self_sign_up=stage.self_sign_up, removal=removal)
        self.api = Api(
            self,
            "Api",
            stage=stage,
            function=self.functions.handle_api.function,
            users=self.users,
            log_group=log_group(self, "ApiLog", around),
        )
        findings.accept_users(self.users.pool)
        findings.accept_open_routes(self.api.open_routes.values())
        findings.accept_dead_letter_queue(self.ended.missed)
        findings.accept_dead_letter_queue(self.announcing.missed)
        findings.accept_secret(self.webhooks.secret)
        findings.accept_definition(self.render.machine)
        self.firewall = self._firewall(removal)
        self.delivery = self._delivery(removal)
        Watching(self)
        Grants(self)
        self._output()
        Tags.of(self).add("application", "reelwright")
        Tags.of(self).add("stage", stage.stage)
        for name, text in stage.tags.items():
            Tags.of(self).add(name, text)

    def _network(self, removal: RemovalPolicy) -> Network | None:
        stage = self.stage
        if stage.network == "none":
            return None
        return Network(self, "Network", stage=stage, key=self.key, removal=removal)

    def _pass(self, removal: RemovalPolicy) -> ISecret | None:
        if self.stage.firewall == "none":
            return None
        secret = Pass(self, "Pass", key=self.key, removal=removal).secret
        findings.accept_pass(secret)
        return secret

    def _firewall(self, removal: RemovalPolicy) -> Firewall | None:
        if not self.shown:
            return None
        firewall = Firewall(
            self, "Firewall", stage=self.stage, api=self.api, shown=self.shown, removal=removal
        )
        findings.accept_edge(firewall.distribution, firewall.log)
        return firewall

    def _delivery(self, removal: RemovalPolicy) -> Delivery | None:
        if not self.stage.delivery_public_keys:
            return None
        delivery = Delivery(
            self,
            "Delivery",
            stage=self.stage,
            bucket=self.bucket,
            key=self.key,
            removal=removal,
        )
        findings.accept_edge(delivery.distribution, delivery.log)
        findings.accept_delivery(delivery.distribution)
        return delivery

    def _listen_to_ivs(self) -> IvsStreams | None:
        channels = self.stage.ivs_channels
        if not channels:
            return None
        ivs = IvsStreams(self, "IvsStreams", channels=channels, queue=self.jobs.queue, key=self.key)
        findings.accept_dead_letter_queue(ivs.missed)
        return ivs

    def _output(self) -> None:
        for name, value in {
            "QueueUrl": self.jobs.queue.queue_url,
            "QueueArn": self.jobs.queue.queue_arn,
            "QueueName": self.jobs.queue.queue_name,
            "DeadLetterQueueUrl": self.jobs.dead_letters.queue_url,
            "Region": self.region,
            "StateMachineArn": self.render.alias.attr_arn,
            "JobsTableName": self.table.table_name,
            "TurnsTableName": self.turns.table_name,
            "CancelJobFunctionName": self.functions.cancel_job.function.function_name,
            "MediaBucketName": self.bucket.bucket_name,
            "ApiUrl": self.firewall.url if self.firewall else self.api.url,
            "UserPoolId": self.users.pool.user_pool_id,
            "UserPoolClientId": self.users.client.user_pool_client_id,
            "EventBusName": self.announcing.bus.event_bus_name,
            "JobsTopicArn": self.announcing.topic.topic_arn,
            "MissedEventsQueueUrl": self.announcing.missed.queue_url,
            "AnnounceJobFunctionName": self.functions.announce_job.function.function_name,
            "WebhookSecretArn": self.webhooks.secret.secret_arn,
            "WebhookDeadLetterQueueUrl": self.webhooks.dead_letters.queue_url,
        }.items():
            CfnOutput(self, name, value=value)
        if self.delivery:
            CfnOutput(self, "DeliveryUrl", value=self.delivery.url)
            CfnOutput(self, "DeliveryKeyIds", value=",".join(self.delivery.key_ids))
