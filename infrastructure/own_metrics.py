"""The metrics that the functions' log lines embed, as alarms and the dashboard ask for them.

Their names are functions/shared/metrics.py's, which no construct may import; a test compares.
"""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infrastructure.stage import Stage

_NAMESPACE, _DIMENSION = "Reelwright", "stack"


class OwnMetrics:
    """Of one stack."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def of(self, name: str, statistic: str, period: Duration | None = None) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=_NAMESPACE,
            metric_name=name,
            dimensions_map={_DIMENSION: self.stage.stack_name},
            statistic=statistic,
            period=period or Duration.minutes(5),
        )
