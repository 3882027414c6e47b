"""A stream that starts on an Amazon IVS channel becomes a job on the queue, without code between.

The job's id is made of the stream's: an event that comes twice makes one job.
"""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.missed import missed_queue
from infrastructure.stage import IvsChannel


class IvsStreams(Construct):
    """A rule for each channel; `missed` keeps the events that the queue did not take."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        channels: Sequence[IvsChannel],
        queue: sqs.IQueue,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        self.missed = missed_queue(self, key)
        for channel in channels:
            events.Rule(
                self,
                f"Started{channel.channel_id}",
                event_pattern=events.EventPattern(
                    source=["aws.ivs"],
                    detail_type=["IVS Stream State Change"],
                    resources=[channel.arn],
                    detail={"event_name": ["Stream Start"]},
                ),
                targets=[
                    targets.SqsQueue(
                        queue,
                        message=events.RuleTargetInput.from_object(_job(channel)),
                        message_group_id=f"ivs-{channel.channel_id}",
                        dead_letter_queue=self.missed,
                        # A stream that started an hour ago is not one that starts.
                        max_event_age=Duration.hours(1),
                        retry_attempts=20,
                    )
                ],
            )


def _job(channel: IvsChannel) -> dict[str, object]:
    """The request, as docs/job.md has it."""
    stream = events.EventField.from_path("$.detail.stream_id")
    return {
        "job_id": f"ivs-{stream}",
        "source": channel.playback_url,
        "live": {
            "count": channel.count,
            "period_s": channel.period_s,
            "widths": list(channel.widths),
            "format": channel.format,
            "wait_s": channel.wait_s,
        },
    }
