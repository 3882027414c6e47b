"""Queues that keep the order within a message group."""

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class FifoQueue(Construct):
    """A FIFO queue, and the FIFO queue of messages that were received too often."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        work_s: int,
        retention: Duration,
        max_receives: int,
        receive_wait: Duration | None = None,
        takes_events: bool = False,
    ) -> None:
        """`work_s`: the longest a message is worked on; it stays hidden six times as long.

        `takes_events`: from EventBridge, which gives messages no id against repetition.
        """
        super().__init__(scope, construct_id)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            fifo=True,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        self.queue = sqs.Queue(
            self,
            "Default",
            fifo=True,
            content_based_deduplication=takes_events or None,
            # High throughput: limits and deduplication count per message group.
            deduplication_scope=sqs.DeduplicationScope.MESSAGE_GROUP,
            fifo_throughput_limit=sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            visibility_timeout=Duration.seconds(6 * work_s),
            retention_period=retention,
            receive_message_wait_time=receive_wait,
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=max_receives
            ),
        )
