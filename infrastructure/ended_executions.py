"""Executions that ended without reaching their own last state still end their job."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infrastructure.missed import missed_queue


class EndedExecutions(Construct):
    """A rule on failed, timed-out and aborted executions of one machine.

    `missed` keeps the events that could not be delivered or handled.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        machine: sfn.IStateMachine,
        handler: lambda_.IFunction,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        self.missed = missed_queue(self, key)
        # EventBridge's own retries end once Lambda has accepted the event; these follow them.
        lambda_.EventInvokeConfig(
            self,
            "Retries",
            function=handler,
            retry_attempts=2,
            max_event_age=Duration.hours(6),
            on_failure=destinations.SqsDestination(self.missed),
        )
        events.Rule(
            self,
            "Default",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                # Children of the Distributed Map have another machine's ARN, so aren't matched.
                detail={
                    "stateMachineArn": [machine.state_machine_arn],
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                },
            ),
            targets=[
                targets.LambdaFunction(
                    handler,
                    dead_letter_queue=self.missed,
                    retry_attempts=20,
                    max_event_age=Duration.hours(6),
                )
            ],
        )
