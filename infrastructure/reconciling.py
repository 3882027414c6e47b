"""Every minute, what events missed is looked for and mended."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct


class Reconciling(Construct):
    """A rule that calls the reconciler. A failed call is not repeated: the next one does it all."""

    def __init__(
        self, scope: Construct, construct_id: str, *, reconciler: lambda_.IFunction
    ) -> None:
        super().__init__(scope, construct_id)
        every = Duration.minutes(1)
        lambda_.EventInvokeConfig(
            self, "Retries", function=reconciler, retry_attempts=0, max_event_age=every
        )
        events.Rule(
            self,
            "Default",
            schedule=events.Schedule.rate(every),
            targets=[targets.LambdaFunction(reconciler, retry_attempts=0, max_event_age=every)],
        )
