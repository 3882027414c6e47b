"""What an operator must hear of: a message or an event that nothing could be done with."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

_LATE_MS = 600_000


class Alerts(Construct):
    """A topic to subscribe to."""

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Default", master_key=key, enforce_ssl=True)
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )

    def when_not_empty(self, construct_id: str, queue: sqs.IQueue, meaning: str) -> None:
        """Alert as soon as the queue holds a message."""
        self._alarm(
            construct_id,
            queue.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(1), statistic="Maximum"
            ),
            1,
            meaning,
        )

    def when_late(self, construct_id: str, reader: lambda_.IFunction, meaning: str) -> None:
        """Alert when the reader of a stream is ten minutes behind."""
        behind = reader.metric("IteratorAge", period=Duration.minutes(5), statistic="Maximum")
        self._alarm(construct_id, behind, _LATE_MS, meaning)

    def _alarm(
        self, construct_id: str, metric: cloudwatch.IMetric, threshold: float, meaning: str
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=meaning,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
