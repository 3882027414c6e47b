"""The jobs table: one row a job, every change guarded by what the row must hold before it.

A job that has not ended has a turn; both are written and ended together
(docs/decisions/0006-turns.md). Reads are strongly consistent: a decision is never made on an old
row.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from functions.shared.errors import TurnLost
from functions.shared.job_entries import MOST_TRIES, JobEntries, busy
from functions.shared.job_rows import NEVER_STARTED, TERMINAL, Door, JobError, Status, ended
from functions.shared.stamps import stamp
from functions.shared.transactions import Write, transact

if TYPE_CHECKING:
    from functions.shared.bill import Cost

__all__ = ["NEVER_STARTED", "TERMINAL", "Door", "JobError", "JobsTable", "Status", "ended"]


class JobsTable(JobEntries):
    """Every change of a job's status, with the change of its turn."""

    def claim(
        self,
        job_id: str,
        execution_arn: str,
        now: datetime,
        *,
        reopen: bool,
        redrives: int = 0,
    ) -> bool:
        """Tie a job to one execution. False: another execution has it, or it has ended.

        A repeated claim by the same execution succeeds. A FAILED job is taken by its own execution
        when that was redriven since (`redrives` counts; a claim that merely comes after its
        execution's end is late), and with `reopen` by any other: it gets a new turn, last of its
        lane, and its good parts are used again.
        """
        for _ in range(MOST_TRIES):
            row = self.get(job_id)
            if row is None:
                return False
            own = row.get("execution_arn") == execution_arn
            if own and row["status"] in {"WAITING", "RUNNING"}:
                return True
            redriven = own and redrives > int(row.get("redrives", 0))
            again = row["status"] == "FAILED" and (redriven or (reopen and not own))
            # Claiming takes an old mark away: one that is being cancelled is nobody's any more.
            new = row["status"] == "QUEUED" and "cancel_requested_at" not in row
            if not new and not again:
                return False
            failed = transact(
                self.dynamodb, self._claim(row, execution_arn, now, redrives, again=again)
            )
            if not failed:
                return True
        raise busy(job_id)

    def _claim(
        self, row: dict[str, Any], execution_arn: str, now: datetime, redrives: int, *, again: bool
    ) -> list[Write]:
        lane, sequence = row["lane"], int(row["sequence"])
        turn: list[Write] = []
        if again:
            sequence = self.turns.next_sequence(lane)
            turn = self.turns.new(lane, sequence, row["job_id"], int(row["priority"]), now)
        job = self._update(
            row["job_id"],
            "SET #status = :waiting, execution_arn = :arn, claimed_at = :now, updated_at = :now, "
            "#sequence = :sequence, redrives = :redrives, "
            "attempts = if_not_exists(attempts, :zero) + :one "
            "REMOVE #error, failure, finished_at, started_at, cancel_requested_at, publishing, "
            "cost, cost_usd",
            "#status = :before AND updated_at = :seen",
            {
                ":before": row["status"],
                ":seen": row["updated_at"],
                ":waiting": "WAITING",
                ":arn": execution_arn,
                ":now": stamp(now),
                ":sequence": sequence,
                ":redrives": redrives,
                ":one": 1,
                ":zero": 0,
            },
        )
        return [job, *turn]

    def start(self, job_id: str, execution_arn: str, epoch: int, now: datetime) -> None:
        """WAITING → RUNNING, while the grant of this epoch stands; TurnLost where it does not."""
        row = self.get(job_id)
        turn = self.turns.get(row["lane"], int(row["sequence"])) if row else None
        if turn is not None and turn.epoch == epoch:
            job = self._update(
                job_id,
                "SET #status = :running, started_at = if_not_exists(started_at, :now), "
                "updated_at = :now",
                "#status IN (:waiting, :running) AND execution_arn = :arn "
                "AND attribute_not_exists(cancel_requested_at)",
                {
                    ":waiting": "WAITING",
                    ":running": "RUNNING",
                    ":arn": execution_arn,
                    ":now": stamp(now),
                },
            )
            if not transact(self.dynamodb, [job, self.turns.start(turn)]):
                return
        raise TurnLost(f"The turn of job {job_id} was taken back; it is asked for again.")

    def check_running(self, job_id: str, execution_arn: str) -> None:
        """JobEnded where this execution does not render the job any more, or it is cancelled."""
        row = self.get(job_id) or {}
        own = (row.get("status"), row.get("execution_arn")) == ("RUNNING", execution_arn)
        if not own or row.get("cancel_requested_at"):
            raise ended(job_id)

    def begin_publishing(self, job_id: str, execution_arn: str) -> bool:
        """From here on it is too late to cancel. False: cancelled, or not this execution's."""
        job = self._update(
            job_id,
            "SET publishing = :yes",
            "#status = :running AND execution_arn = :arn "
            "AND attribute_not_exists(cancel_requested_at)",
            {":yes": True, ":running": "RUNNING", ":arn": execution_arn},
        )
        return not transact(self.dynamodb, [job])

    def request_cancel(self, job_id: str, now: datetime) -> bool:
        """Mark a job that has not ended and is not being published."""
        job = self._update(
            job_id,
            "SET cancel_requested_at = if_not_exists(cancel_requested_at, :now), updated_at = :now",
            "#status IN (:queued, :waiting, :running) AND attribute_not_exists(publishing)",
            {
                ":queued": "QUEUED",
                ":waiting": "WAITING",
                ":running": "RUNNING",
                ":now": stamp(now),
            },
        )
        return not transact(self.dynamodb, [job])

    def stop_webhook(self, job_id: str, why: str) -> None:
        """The job's webhook is told nothing more. The job itself goes on as it was."""
        job = self._update(
            job_id,
            "SET webhook_error = :why",
            "attribute_not_exists(webhook_error)",
            {":why": why},
        )
        transact(self.dynamodb, [job])

    def complete(
        self,
        job_id: str,
        execution_arn: str,
        result_key: str,
        now: datetime,
        cost: "Cost | None" = None,
    ) -> bool:
        """RUNNING by this execution → COMPLETE, its turn freed."""
        return self._end(
            job_id,
            "SET #status = :end, result_key = :result, finished_at = :now, updated_at = :now"
            + (", cost = :cost, cost_usd = :usd" if cost else "")
            + " REMOVE #error, failure",
            "#status = :running AND execution_arn = :arn",
            {
                ":end": "COMPLETE",
                ":running": "RUNNING",
                ":arn": execution_arn,
                ":result": result_key,
                ":now": stamp(now),
                **({":cost": cost.as_item(), ":usd": cost.usd} if cost else {}),
            },
        )

    def note_cost(self, job_id: str, execution_arn: str, cost: "Cost") -> None:
        """What a job cost that this execution could not complete, once."""
        job = self._update(
            job_id,
            "SET cost = :cost, cost_usd = :usd",
            "#status IN (:failed, :cancelled) AND execution_arn = :arn "
            "AND attribute_not_exists(cost)",
            {
                ":failed": "FAILED",
                ":cancelled": "CANCELLED",
                ":arn": execution_arn,
                ":cost": cost.as_item(),
                ":usd": cost.usd,
            },
        )
        transact(self.dynamodb, [job])

    def fail(
        self,
        job_id: str,
        execution_arn: str | None,
        error: JobError,
        now: datetime,
        end: Literal["FAILED", "CANCELLED"] = "FAILED",
        redrives: int | None = None,
    ) -> bool:
        """Of this execution, or never claimed → FAILED or CANCELLED, its turn freed.

        `redrives`: how often the execution that ended had been redriven, where that is known. Word
        of an attempt before the one that claimed the job last comes too late.
        """
        # A job that was never claimed belongs to nobody: whoever tells of its end may end it.
        unclaimed = "attribute_not_exists(execution_arn)"
        conditions = ["#status IN (:queued, :waiting, :running)"]
        conditions.append(f"({unclaimed} OR execution_arn = :arn)" if execution_arn else unclaimed)
        if redrives is not None:
            conditions.append("(attribute_not_exists(redrives) OR redrives <= :redrives)")
        return self._end(
            job_id,
            "SET #status = :end, #error = :error, finished_at = :now, updated_at = :now"
            + (", execution_arn = :arn" if execution_arn else ""),
            " AND ".join(conditions),
            {
                ":end": end,
                ":queued": "QUEUED",
                ":waiting": "WAITING",
                ":running": "RUNNING",
                ":error": error.as_item(),
                ":now": stamp(now),
                **({":arn": execution_arn} if execution_arn else {}),
                **({} if redrives is None else {":redrives": redrives}),
            },
        )

    def _end(self, job_id: str, expression: str, condition: str, values: dict[str, Any]) -> bool:
        """End the job and free its turn, in one transaction. False: the condition does not hold."""
        for _ in range(MOST_TRIES):
            row = self.get(job_id)
            if row is None or row["status"] in TERMINAL:
                return False
            turn = self.turns.get(row["lane"], int(row["sequence"]))
            if turn is None:
                continue  # the job ended since it was read, and may be open again by now
            job = self._update(job_id, expression, condition, values)
            failed = transact(self.dynamodb, [job, *self.turns.free(turn)])
            if not failed:
                return True
            if 0 in failed:
                return False
        raise busy(job_id)
