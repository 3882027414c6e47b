"""Alarms, dashboard and saved queries: made once all that they watch is there."""

from typing import TYPE_CHECKING

from infrastructure.alerts import Alerts
from infrastructure.dashboard import Dashboard
from infrastructure.own_metrics import OwnMetrics
from infrastructure.queries import Queries

if TYPE_CHECKING:
    from infrastructure.stack import ReelwrightStack


class Watching:
    """Made by creating it."""

    def __init__(self, stack: "ReelwrightStack") -> None:
        self.stack = stack
        self.alerts = Alerts(stack, "Alerts", key=stack.key)
        self._alert_of_what_is_lost()
        self._alert_of_what_is_slow()
        if stack.stage.dashboard:
            own = OwnMetrics(stack.stage)
            self._alert_of_jobs(own)
            Dashboard(stack, "Dashboard", own=own, stack=stack, alarms=self.alerts.alarms)
        Queries(stack, "Queries", functions=stack.functions, pipe_log=stack.pipe_log)

    def _alert_of_what_is_lost(self) -> None:
        stack, not_empty = self.stack, self.alerts.when_not_empty
        not_empty(
            "LostMessages",
            stack.jobs.dead_letters,
            "A job's message was received five times and no execution could be started for it.",
        )
        not_empty(
            "MissedEnds",
            stack.ended.missed,
            "An execution ended without its own last state, and its job could not be ended.",
        )
        not_empty(
            "MissedEvents",
            stack.announcing.missed,
            "A job's change could not be announced, or the jobs' topic did not take its event.",
        )
        not_empty(
            "UndeliveredWebhooks",
            stack.webhooks.dead_letters,
            "A webhook's receiver did not take it for a day.",
        )
        if stack.ivs:
            not_empty(
                "MissedStreams",
                stack.ivs.missed,
                "A stream started on an Amazon IVS channel and no job could be sent for it.",
            )

    def _alert_of_what_is_slow(self) -> None:
        does = self.stack.functions
        self.alerts.when_late(
            "LateEvents",
            does.announce_job.function,
            "Jobs' changes have waited for ten minutes to be announced.",
        )
        self.alerts.when_old(
            "OldestMessage",
            self.stack.jobs.queue,
            "A job's message has been in the queue for ten minutes: the pipe does not take it.",
        )
        self.alerts.when_throttled(
            "Throttles",
            {
                "register": does.register_job.function,
                "api": does.handle_api.function,
                "chunks": does.render_chunk.function,
                "finish": does.finish_job.function,
                "reconcile": does.reconcile_jobs.function,
            },
            "Functions have been refused for a quarter of an hour: the quota of those that run at "
            "once is used up.",
        )

    def _alert_of_jobs(self, own: OwnMetrics) -> None:
        self.alerts.when_failing(
            "FailedJobs", own, "Half of the jobs that ended within half an hour failed."
        )
        self.alerts.when_held(
            "TurnsHeld",
            own,
            self.stack.stage.job_timeout_s,
            "A job holds its turn for longer than it may render, or Reconcile Jobs did not run "
            "for a quarter of an hour.",
        )
        self.alerts.when_mended(
            "Repairs", own, "Jobs had to be ended, or told of their turn, by the reconciler."
        )
