"""Who may do what: every grant of the stack, in one place."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam

from infrastructure import findings
from infrastructure.job_function import JobFunction

if TYPE_CHECKING:
    from infrastructure.stack import ReelwrightStack

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
_LARGE = {"parts/*", "jobs/*/out/*"}
"""Objects that functions send in several parts; what users upload they send themselves."""


class Grants:
    """Made by creating it, once all constructs are there."""

    def __init__(self, stack: "ReelwrightStack") -> None:
        self.stack = stack
        self._prefixes: defaultdict[str, set[str]] = defaultdict(set)
        self._grant_records()
        self._grant_announcing()
        self._grant_calling()
        self._grant_to_functions()
        self._grant_executions()
        self._grant_to_machine()
        self._grant_to_pipe()

    def _grant_records(self) -> None:
        does = self.stack.functions
        for each in (does.register_job, does.claim_job, does.finish_job, does.reconcile_jobs):
            self._jobs(each, "GetItem", "PutItem", "UpdateItem")
        for each in (does.plan_render, does.cancel_job):
            self._jobs(each, "GetItem", "UpdateItem")
        for each in (does.request_turn, does.render_chunk, does.render_audio):
            self._jobs(each, "GetItem")
        for each in (does.take_snapshots, does.take_live_snapshots):
            self._jobs(each, "GetItem")
        self._jobs(does.assemble_render, "UpdateItem")
        for each in (does.register_job, does.claim_job, does.reconcile_jobs):
            self._turns(each, "GetItem", "PutItem", "UpdateItem")
        self._turns(does.plan_render, "GetItem", "UpdateItem")
        for each in does.granting():
            self._turns(each, "GetItem", "Scan", "UpdateItem")
        for each in (does.finish_job, does.cancel_job, does.reconcile_jobs):
            self._turns(each, "DeleteItem")
        letters = self.stack.jobs.dead_letters.queue_arn
        _add(
            does.reconcile_jobs.role,
            ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"],
            [letters],
        )

    def _grant_announcing(self) -> None:
        announcer = self.stack.functions.announce_job
        deliverer = self.stack.functions.deliver_webhook
        webhooks = self.stack.webhooks
        reads = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
        stream = self.stack.table.table_stream_arn or ""
        _add(announcer.role, [f"dynamodb:{action}" for action in reads], [stream])
        self._media(announcer, "GetObject", "jobs/*/plan.json", "jobs/*/result.json")
        _add(announcer.role, ["events:PutEvents"], [self.stack.announcing.bus.event_bus_arn])
        _add(announcer.role, ["sqs:SendMessage"], [webhooks.queue.queue_arn])
        self._jobs(deliverer, "GetItem", "UpdateItem")
        takes = (
            "ChangeMessageVisibility",
            "DeleteMessage",
            "GetQueueAttributes",
            "ReceiveMessage",
        )
        _add(deliverer.role, [f"sqs:{action}" for action in takes], [webhooks.queue.queue_arn])
        _add(deliverer.role, ["secretsmanager:GetSecretValue"], [webhooks.secret.secret_arn])

    def _grant_calling(self) -> None:
        """The API reads jobs and takes new ones; it changes none itself."""
        api, does = self.stack.functions.handle_api, self.stack.functions
        self._jobs(api, "BatchGetItem", "GetItem")
        jobs, sent = self.stack.table.table_arn, self.stack.submissions.table_arn
        indexes = [f"{jobs}/index/by_owner", f"{jobs}/index/by_day"]
        _add(api.role, ["dynamodb:Query"], indexes)
        _add(api.role, ["dynamodb:GetItem", "dynamodb:PutItem"], [sent])
        _add(api.role, ["sqs:SendMessage"], [self.stack.jobs.queue.queue_arn])
        desk = (does.register_job, does.cancel_job, does.resize_snapshot)
        called = [each.function.function_arn for each in desk]
        _add(api.role, ["lambda:InvokeFunction"], called)
        made = ("jobs/*/plan.json", "jobs/*/result.json", "jobs/*/out/*")
        self._media(api, "GetObject", *made)
        self._media(api, "PutObject", "uploads/*")
        if self.stack.shown:
            _add(api.role, ["secretsmanager:GetSecretValue"], [self.stack.shown.secret_arn])

    def _grant_to_functions(self) -> None:
        does = self.stack.functions
        self._media(does.plan_render, "PutObject", "jobs/*/plan.json", "jobs/*/chunks.json")
        self._media(does.plan_render, "DeleteObject", "parts/*/source")
        for each in (does.plan_render, does.render_chunk, does.render_audio, does.take_snapshots):
            self._media(each, "GetObject", "uploads/*", "parts/*")
            self._media(each, "PutObject", "parts/*")
            self._sources(each)
        for each in (does.render_chunk, does.render_audio, does.take_snapshots):
            self._media(each, "GetObject", "jobs/*/plan.json")
        self._media(does.take_live_snapshots, "GetObject", "jobs/*/plan.json")
        self._media(does.take_live_snapshots, "PutObject", "parts/*")
        self._media(does.resize_snapshot, "GetObject", "jobs/*/out/snapshots/*")
        self._media(does.resize_snapshot, "PutObject", "jobs/*/out/snapshots/resized/*")
        self._media(does.assemble_render, "GetObject", "jobs/*/plan.json", "parts/*")
        self._media(does.assemble_render, "GetObject", "jobs/*/out/*")
        self._media(does.assemble_render, "PutObject", "jobs/*/out/*", "jobs/*/result.json")
        self._media(does.assemble_render, "DeleteObject", "jobs/*/out/*")
        self._media(does.finish_job, "GetObject", "jobs/*/out/*", "jobs/*/result.json")
        for each in does.all():
            _add(each.role, _KEY_USE, [self.stack.key.key_arn])
            if self._prefixes[each.folder]:
                # Without it, S3 answers for an object that is not there with 403, not 404. A
                # prefix can't be demanded: asking for one object names none.
                _add(each.role, ["s3:ListBucket"], [self.stack.bucket.bucket_arn])
            findings.accept_runtime(each)
            findings.accept_prefixes(each.role, self.stack.bucket, self._prefixes[each.folder])
        findings.accept_queue_key(does.finish_job.role)
        findings.accept_queue_key(does.announce_job.role)

    def _grant_executions(self) -> None:
        """The machine needs its functions, and they their roles' policies, before it is there: what
        names the machine is in policies of its own."""
        does, render = self.stack.functions, self.stack.render
        look, stop = "states:DescribeExecution", "states:StopExecution"
        for each in does.granting():
            own = iam.Policy(self.stack, f"{each.node.id}Executions", roles=[each.role])
            own.add_statements(_allow(["states:SendTaskSuccess"], [render.arn]))
            if each is does.cancel_job:
                own.add_statements(_allow([stop], [render.executions_arn]))
            if each is does.reconcile_jobs:
                own.add_statements(_allow([look, stop], [render.executions_arn]))
            findings.accept_executions(own, render.machine)

    def _jobs(self, function: JobFunction, *actions: str) -> None:
        _add(
            function.role,
            [f"dynamodb:{action}" for action in actions],
            [self.stack.table.table_arn],
        )

    def _turns(self, function: JobFunction, *actions: str) -> None:
        _add(
            function.role,
            [f"dynamodb:{action}" for action in actions],
            [self.stack.turns.table_arn],
        )

    def _media(self, function: JobFunction, action: str, *patterns: str) -> None:
        """Who may write an object that may be large may also give up writing it halfway."""
        _add(function.role, [f"s3:{action}"], self._objects(*patterns))
        large = [pattern for pattern in patterns if pattern in _LARGE]
        if action == "PutObject" and large:
            _add(function.role, ["s3:AbortMultipartUpload"], self._objects(*large))
        self._prefixes[function.folder].update(patterns)

    def _sources(self, function: JobFunction) -> None:
        names = self.stack.stage.source_buckets
        if not names:
            return
        buckets = [f"arn:{self.stack.partition}:s3:::{name}" for name in names]
        _add(function.role, ["s3:GetObject"], [f"{bucket}/*" for bucket in buckets])
        _add(function.role, ["s3:ListBucket"], buckets)
        findings.accept_source_buckets(function.role, names)

    def _grant_to_machine(self) -> None:
        role = self.stack.render.role
        called = self.stack.functions.called_by_the_machine()
        _add(role, ["lambda:InvokeFunction"], [each.callable_arn for each in called])
        findings.accept_versions(role, called)
        _add(role, ["dynamodb:UpdateItem"], [self.stack.table.table_arn])
        _add(role, ["s3:GetObject"], self._objects("jobs/*/chunks.json"))
        _add(role, _KEY_USE, [self.stack.key.key_arn])
        findings.accept_prefixes(role, self.stack.bucket, ["jobs/*/chunks.json"])
        # A Distributed Map starts and watches executions of its own machine. The machine needs
        # its role's policy first, so what names the machine is a policy of its own.
        own = iam.Policy(self.stack, "ChunkExecutions", roles=[role])
        for actions, resource in (
            (["states:StartExecution"], self.stack.render.arn),
            (
                ["states:DescribeExecution", "states:StopExecution"],
                self.stack.render.executions_arn,
            ),
            (["states:RedriveExecution"], self.stack.render.chunk_executions_arn),
        ):
            own.add_statements(_allow(actions, [resource]))
        findings.accept_executions(own, self.stack.render.machine)
        # A message that waits already must not start a machine that may not run its Map yet.
        self.stack.pipe.pipe.node.add_dependency(own)

    def _grant_to_pipe(self) -> None:
        role, queue = self.stack.pipe.role, self.stack.jobs.queue.queue_arn
        enrichment = self.stack.functions.register_job.function.function_arn
        _add(role, ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [queue])
        _add(role, ["kms:Decrypt"], [self.stack.key.key_arn])
        _add(role, ["lambda:InvokeFunction"], [enrichment])
        _add(role, ["states:StartExecution"], [self.stack.render.arn])

    def _objects(self, *patterns: str) -> list[str]:
        return [self.stack.bucket.arn_for_objects(pattern) for pattern in patterns]


def _add(role: iam.Role, actions: Sequence[str], resources: Sequence[str]) -> None:
    role.add_to_policy(_allow(actions, resources))


def _allow(actions: Sequence[str], resources: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=list(resources))
