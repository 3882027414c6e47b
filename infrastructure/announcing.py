"""From the jobs table's stream to whoever wants to know: an event bus, and a topic for people."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sns as sns
from constructs import Construct

from infrastructure.missed import missed_queue

_BATCH = 25
_ONE = events.EventField.from_path
_COMPLETED = ["Job Completed"]
_ENDED_OTHERWISE = ["Job Failed", "Job Cancelled", "Job Rejected"]


class Announcing(Construct):
    """`missed` keeps where in the stream those changes are that could not be announced, and the
    events the topic did not take."""

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, notify_email: str
    ) -> None:
        super().__init__(scope, construct_id)
        self.bus = events.EventBus(self, "Bus")
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        self.missed = missed_queue(self, key)
        name, job = Stack.of(self).stack_name, _ONE("$.detail.job_id")
        error = f"{_ONE('$.detail.error.name')}: {_ONE('$.detail.error.message')}"
        status = _ONE("$.detail.status")
        self._tell("Completed", _COMPLETED, f"{name}: job {job} is complete.")
        self._tell(
            "EndedOtherwise", _ENDED_OTHERWISE, f"{name}: job {job} ended as {status}. {error}"
        )
        if notify_email:
            sns.Subscription(
                self,
                "Email",
                topic=self.topic,
                protocol=sns.SubscriptionProtocol.EMAIL,
                endpoint=notify_email,
            )

    def listen(self, table: dynamodb.ITable, announcer: lambda_.IFunction) -> None:
        """Call the announcer with what happens to the table, from the first record on."""
        lambda_.EventSourceMapping(
            self,
            "Stream",
            target=announcer,
            event_source_arn=table.table_stream_arn,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=_BATCH,
            report_batch_item_failures=True,
            # One record that can't be announced must not take its batch along.
            bisect_batch_on_error=True,
            # While a record is tried again, those behind it wait: not for ever.
            retry_attempts=100,
            max_record_age=Duration.hours(12),
            on_failure=event_sources.SqsDlq(self.missed),
        )

    def _tell(self, construct_id: str, detail_types: list[str], text: str) -> None:
        events.Rule(
            self,
            construct_id,
            event_bus=self.bus,
            event_pattern=events.EventPattern(source=["reelwright"], detail_type=detail_types),
            targets=[
                targets.SnsTopic(
                    self.topic,
                    message=events.RuleTargetInput.from_text(text),
                    dead_letter_queue=self.missed,
                )
            ],
        )
