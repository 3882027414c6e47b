"""What an operator must hear of. docs/operations.md says of each alarm what to do."""

from collections.abc import Mapping

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.own_metrics import OwnMetrics

_LATE_MS = 600_000
_LEAST_ENDS = 5
"""Fewer jobs in half an hour say nothing of a rate: one bad source would be the half."""
_BEYOND_S = 300
"""The reconciler ends a job within a minute of its time."""
_OK, _BAD = cloudwatch.TreatMissingData.NOT_BREACHING, cloudwatch.TreatMissingData.BREACHING


class Alerts(Construct):
    """A topic to subscribe to, and the alarms that tell it."""

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.alarms: list[cloudwatch.Alarm] = []
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
        visible = queue.metric_approximate_number_of_messages_visible(
            period=Duration.minutes(1), statistic="Maximum"
        )
        self._alarm(construct_id, visible, 1, meaning)

    def when_old(self, construct_id: str, queue: sqs.IQueue, meaning: str) -> None:
        """Alert when a message has waited for ten minutes: it is read at once where all is well."""
        age = queue.metric_approximate_age_of_oldest_message(
            period=Duration.minutes(1), statistic="Maximum"
        )
        self._alarm(construct_id, age, _LATE_MS // 1000, meaning, periods=3)

    def when_late(self, construct_id: str, reader: lambda_.IFunction, meaning: str) -> None:
        """Alert when the reader of a stream is ten minutes behind."""
        behind = reader.metric("IteratorAge", period=Duration.minutes(5), statistic="Maximum")
        self._alarm(construct_id, behind, _LATE_MS, meaning)

    def when_throttled(
        self, construct_id: str, functions: Mapping[str, lambda_.IFunction], meaning: str
    ) -> None:
        """Alert after a quarter of an hour of throttles: a burst is waited out. At most ten, by
        names that begin with a small letter."""
        period = Duration.minutes(5)
        throttles: dict[str, cloudwatch.IMetric] = {
            name: each.metric_throttles(period=period, statistic="Sum")
            for name, each in functions.items()
        }
        together = cloudwatch.MathExpression(
            expression=" + ".join(f"FILL({name}, 0)" for name in throttles),
            using_metrics=throttles,
            period=period,
            label="Throttles",
        )
        self._alarm(construct_id, together, 1, meaning, periods=3)

    def when_failing(self, construct_id: str, own: OwnMetrics, meaning: str) -> None:
        """Alert when half of the jobs that ended within half an hour failed."""
        period = Duration.minutes(30)
        rate = cloudwatch.MathExpression(
            expression=f"IF(ends >= {_LEAST_ENDS}, rate, 0)",
            using_metrics={
                "ends": own.of("Failed", "SampleCount", period),
                "rate": own.of("Failed", "Average", period),
            },
            period=period,
            label="Failed of all that ended",
        )
        self._alarm(construct_id, rate, 0.5, meaning)

    def when_held(
        self, construct_id: str, own: OwnMetrics, job_timeout_s: int, meaning: str
    ) -> None:
        """Alert when a job renders for longer than it may, or nobody looked for 15 minutes."""
        longest = own.of("LongestTurnSeconds", "Maximum")
        limit_s = job_timeout_s + _BEYOND_S
        self._alarm(construct_id, longest, limit_s, meaning, periods=3, missing=_BAD)

    def when_mended(self, construct_id: str, own: OwnMetrics, meaning: str) -> None:
        """Alert at the second repair of a quarter of an hour: a raised ceiling, or a job that was
        looked at in the moment of its change, is one."""
        mended = own.of("Mended", "Sum", Duration.minutes(1))
        self._alarm(construct_id, mended, 1, meaning, periods=15, of_them=2)

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        meaning: str,
        *,
        periods: int = 1,
        of_them: int | None = None,
        missing: cloudwatch.TreatMissingData = _OK,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            datapoints_to_alarm=of_them,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=missing,
            alarm_description=f"{meaning} What to do: docs/operations.md, {construct_id}.",
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        self.alarms.append(alarm)
