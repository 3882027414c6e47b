"""The door: a message on this queue is a job."""

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from constructs import Construct

from infrastructure.fifo_queue import FifoQueue

MAX_RECEIVES = 5


class JobQueue(FifoQueue):
    """Its dead letters are messages that nothing could be started for."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        work_s: int,
        takes_events: bool,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            key=key,
            work_s=work_s,
            retention=Duration.days(4),
            max_receives=MAX_RECEIVES,
            receive_wait=Duration.seconds(20),
            takes_events=takes_events,
        )
