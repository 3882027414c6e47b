"""Questions to the logs that come up in the night, saved in CloudWatch Logs Insights."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.job_function import JobFunction
from infrastructure.job_functions import JobFunctions

_JOB = """fields @timestamp, service, message, index, batch, error_name
| filter job_id = "JOB_ID"
| sort @timestamp asc
| limit 1000"""
_FAILURES = """filter kind in ["failed", "rejected", "cancelled"]
| stats count(*) as jobs, latest(job_id) as last_job by kind, error_name, error_state
| sort jobs desc"""
# Finish Job raises a failed job's own error, to end its execution by that name.
_CALLS_THAT_FAILED = """filter ispresent(error_name) and not ispresent(kind)
    and service != "finish_job"
| fields @timestamp, service, job_id, execution_arn, index, batch, error_name, message
| sort @timestamp desc
| limit 100"""
_CUT_OFF = """filter @message like /Task timed out|Runtime exited|signal: killed/
| fields @timestamp, @log, @requestId, @message
| sort @timestamp desc
| limit 100"""
_SPENT = """filter message = "ended"
| stats count(*) as calls, pct(billed_ms, 50) as p50_ms, pct(billed_ms, 95) as p95_ms,
    max(peak_mb) as own_mb, max(peak_child_mb) as ffmpeg_mb by service
| sort p95_ms desc"""
_MENDED = """filter message = "reconciled" and (mended > 0 or never_started > 0)
| fields @timestamp, mended, never_started
| sort @timestamp desc"""
_BILLS = """filter message = "billed"
| stats sum(usd) as usd by job_id
| sort usd desc
| limit 50"""
_PIPE = """fields @timestamp, @message
| sort @timestamp desc
| limit 50"""


class Queries(Construct):
    """They cost nothing until they are run, and then 0.005 USD for each GB they read."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: JobFunctions,
        pipe_log: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        does, everyone = functions, functions.all()
        self._save("AJob", "A job, put its id in", _JOB, _logs(everyone))
        self._save("Failures", "Failures by error", _FAILURES, _logs([does.announce_job]))
        self._save("Calls", "Calls that failed", _CALLS_THAT_FAILED, _logs(everyone))
        self._save("CutOff", "Calls that were cut off", _CUT_OFF, _logs(everyone))
        self._save("Spent", "Time and memory by function", _SPENT, _logs(everyone))
        self._save("Mended", "What the reconciler mended", _MENDED, _logs([does.reconcile_jobs]))
        self._save("Bills", "Dearest jobs", _BILLS, _logs([does.announce_job]))
        self._save("Pipe", "The pipe's errors", _PIPE, [pipe_log])

    def _save(
        self, construct_id: str, name: str, text: str, groups: Sequence[logs.ILogGroup]
    ) -> None:
        """In a folder named as the stack is."""
        logs.CfnQueryDefinition(
            self,
            construct_id,
            name=f"{Stack.of(self).stack_name}/{name}",
            query_string=text,
            log_group_names=[group.log_group_name for group in groups],
        )


def _logs(functions: Sequence[JobFunction]) -> list[logs.ILogGroup]:
    return [each.function.log_group for each in functions]
