"""One page of graphs: what waits, what renders, what fails, and what it costs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infrastructure.own_metrics import OwnMetrics

if TYPE_CHECKING:
    from infrastructure.job_function import JobFunction
    from infrastructure.stack import ReelwrightStack

_WHOLE, _HALF, _HIGH = 24, 12, 6
_MINUTE, _HOUR = Duration.minutes(1), Duration.hours(1)
_ERRORS = (
    'filter kind in ["failed", "rejected", "cancelled"]',
    'stats count(*) as jobs by kind, coalesce(error_name, "-") as error',
    "sort jobs desc",
    "limit 20",
)


class Dashboard(Construct):
    """Its graphs are of the stack's own metrics, and of those AWS makes of itself for nothing."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        own: OwnMetrics,
        stack: "ReelwrightStack",
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, construct_id)
        self.own, self.does, self.stage = own, stack.functions, stack.stage
        queue, log = stack.jobs.queue, stack.functions.announce_job.function.log_group
        cloudwatch.Dashboard(
            self,
            "Default",
            default_interval=Duration.hours(12),
            widgets=[
                [cloudwatch.AlarmStatusWidget(alarms=list(alarms), title="Alarms", width=_WHOLE)],
                [self._turns(), self._ends()],
                [
                    _graph(
                        "Queue: age of the oldest message, and how many",
                        [queue.metric_approximate_age_of_oldest_message(period=_MINUTE)],
                        right=[queue.metric_approximate_number_of_messages_visible(period=_MINUTE)],
                    ),
                    _graph("Waiting for a turn, s", self._spread("WaitSeconds")),
                ],
                [self._in_flight(), self._throttles()],
                [self._stages(), _graph("A job, s", self._spread("RenderSeconds"))],
                [
                    cloudwatch.LogQueryWidget(
                        title="Failures by error",
                        log_group_names=[log.log_group_name],
                        query_lines=list(_ERRORS),
                        view=cloudwatch.LogQueryVisualizationType.TABLE,
                        width=_HALF,
                        height=_HIGH,
                    ),
                    _graph("Reconciler: jobs mended", [own.of("Mended", "Sum")]),
                ],
                [
                    _graph(
                        "Cost, USD an hour, of jobs that ended", [own.of("CostUsd", "Sum", _HOUR)]
                    ),
                    _graph("Pictures taken", [own.of("Snapshots", "Sum", _HOUR)]),
                ],
            ],
        )

    def _turns(self) -> cloudwatch.GraphWidget:
        return _graph(
            "Jobs now, and how long the oldest renders, s",
            [self.own.of("JobsWaiting", "Maximum"), self.own.of("JobsRendering", "Maximum")],
            right=[self.own.of("LongestTurnSeconds", "Maximum")],
            line=cloudwatch.HorizontalAnnotation(
                value=self.stage.max_active_jobs, label="max_active_jobs"
            ),
        )

    def _ends(self) -> cloudwatch.GraphWidget:
        failed = self.own.of("Failed", "Sum")
        complete = cloudwatch.MathExpression(
            expression="ends - failed",
            using_metrics={"ends": self.own.of("Failed", "SampleCount"), "failed": failed},
            label="Complete",
        )
        return _graph("Jobs that ended, in five minutes", [complete, failed.with_(label="Failed")])

    def _spread(self, name: str) -> list[cloudwatch.IMetric]:
        """Half of all were below the first, and 95 of 100 below the second."""
        found = (self.own.of(name, statistic) for statistic in ("p50", "p95", "Maximum"))
        return [metric.with_(label=metric.statistic) for metric in found]

    def _in_flight(self) -> cloudwatch.GraphWidget:
        does = self.does
        workers = (does.render_chunk, does.render_audio, does.take_snapshots)
        running = [_of(each, "ConcurrentExecutions", "Maximum") for each in workers]
        return _graph("Functions at work: chunks, sound, pictures", running)

    def _throttles(self) -> cloudwatch.GraphWidget:
        does = self.does
        workers = (does.register_job, does.handle_api, does.render_chunk, does.finish_job)
        refused = [_of(each, "Throttles", "Sum") for each in (*workers, does.reconcile_jobs)]
        return _graph("Throttled calls", refused)

    def _stages(self) -> cloudwatch.GraphWidget:
        does = self.does
        stages = (does.plan_render, does.render_chunk, does.render_audio, does.take_snapshots)
        calls = [_of(each, "Duration", "p95") for each in (*stages, does.assemble_render)]
        return _graph("A call of each stage, 95 of 100 are below, ms", calls)


def _of(function: "JobFunction", name: str, statistic: str) -> cloudwatch.IMetric:
    """Of AWS's own metrics of a function."""
    return function.function.metric(
        name, statistic=statistic, period=_MINUTE, label=function.folder.replace("_", " ")
    )


def _graph(
    title: str,
    left: Sequence[cloudwatch.IMetric],
    *,
    right: Sequence[cloudwatch.IMetric] = (),
    line: cloudwatch.HorizontalAnnotation | None = None,
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list(left),
        right=list(right),
        left_annotations=[line] if line else [],
        left_y_axis=cloudwatch.YAxisProps(min=0),
        width=_HALF,
        height=_HIGH,
    )
