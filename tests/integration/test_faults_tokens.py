"""Tokens that nobody waits on any more, and answers whose own answer is lost."""

import pytest
from boto3.dynamodb.types import TypeSerializer

from functions.shared.media_store import Keys
from functions.shared.turns_table import Turn
from tests.integration.changes import assert_freed, behind, ceiling, is_, reconcile, uncalled
from tests.integration.conftest import Deployed
from tests.integration.faulty_wire import FaultyWire, Held, lost
from tests.integration.jobs import PICTURE
from tests.polling import until

pytestmark = pytest.mark.embedded_only

ANSWER = "SendTaskSuccess"


def turn_of(stack: Deployed, job_id: str) -> Turn | None:
    return next((turn for turn in stack.client.jobs.turns.all() if turn.job_id == job_id), None)


def is_taken_back(stack: Deployed, job_id: str) -> bool | None:
    """For `until`: whether a turn that was granted waits again."""
    turn = turn_of(stack, job_id)
    return True if turn and turn.epoch and turn.state == "WAITING" else None


def waits(stack: Deployed, job_id: str) -> bool | None:
    """For `until`: whether a token is stored."""
    turn = turn_of(stack, job_id)
    return True if turn is not None and turn.tokens else None


def two_jobs(stack: Deployed, clip: str, key: str, wire: FaultyWire) -> tuple[Held, str, str]:
    """One that is held where it would end, and one that waits for its turn behind it."""
    request = {"source": clip, **PICTURE, "order_key": key}
    first = stack.client.submit(request)
    ending = wire.hold("TransactWriteItems", first, "COMPLETE")
    second = stack.client.submit(request)
    until(ending.is_here, "the first to end", 60)
    until(lambda: waits(stack, second), "the token of the second", 60)
    return ending, first, second


@pytest.mark.aws("sfn-token-dead")
def test_a_turn_nobody_waits_for_is_passed_on_and_its_lane_mended(
    stack: Deployed, clip: str, key: str, wire: FaultyWire
) -> None:
    request = {"source": clip, **PICTURE}
    with (
        ceiling(stack, 1),
        behind(stack, wire, "FinishJob"),
        uncalled(stack, "FinishJob", "ReconcileJobs"),
    ):
        ending, first, gone = two_jobs(stack, clip, key, wire)
        last = stack.client.submit({**request, "order_key": key})
        other = stack.client.submit(request)
        until(lambda: waits(stack, last), "the token of the last", 60)
        until(lambda: waits(stack, other), "the token of another lane", 60)
        arn = stack.client.job(gone)["execution_arn"]  # type: ignore[index]
        stack.client.states.stop_execution(executionArn=arn)

        ending.go_on()

        assert stack.wait(other)["status"] == "COMPLETE"
        assert is_taken_back(stack, gone)
        assert not waits(stack, gone)
        assert stack.client.job(last)["status"] == "WAITING"  # type: ignore[index]
        assert_freed(stack, first, other)
        reconcile(stack)
        job = stack.wait(gone)
        assert (job["status"], job["error"]["name"]) == ("FAILED", "ExecutionAborted")
        assert stack.wait(last)["status"] == "COMPLETE"
    assert_freed(stack, first, gone, last, other)


@pytest.mark.aws("sfn-token-retry")
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_dead_token_beside_the_living_one_keeps_no_job_from_its_turn(
    stack: Deployed, clip: str, key: str, wire: FaultyWire, place: str
) -> None:
    """As a call of request_turn leaves it that was given up and went on beside its retry."""
    with behind(stack, wire, "FinishJob"):
        ending, first, second = two_jobs(stack, clip, key, wire)
        turn = turn_of(stack, second)
        assert turn is not None
        add_token(stack, turn, "dead", newest=place == "after")
        ending.go_on()
        assert stack.wait(second)["status"] == "COMPLETE"
    assert_freed(stack, first, second)


def add_token(stack: Deployed, turn: Turn, token: str, *, newest: bool) -> None:
    tokens = [*turn.tokens, token] if newest else [token, *turn.tokens]
    to_dynamo = TypeSerializer().serialize
    stack.client.jobs.turns.dynamodb.update_item(
        TableName=stack.client.outputs["TurnsTableName"],
        Key={"lane": to_dynamo(turn.lane), "sequence": to_dynamo(turn.sequence)},
        UpdateExpression="SET #tokens = :tokens",
        ExpressionAttributeNames={"#tokens": "tokens"},
        ExpressionAttributeValues={":tokens": to_dynamo(tokens)},
    )


@pytest.mark.parametrize("started", [False, True], ids=["before its job starts", "after"])
def test_an_answer_that_is_heard_though_it_seems_lost_starts_its_job_once(
    stack: Deployed, clip: str, key: str, wire: FaultyWire, *, started: bool
) -> None:
    """Given again, Step Functions knows no such token: the turn is taken back, unless its job has
    started."""
    with behind(stack, wire, "FinishJob", "PlanRender"):
        ending, first, second = two_jobs(stack, clip, key, wire)
        answered = wire.on(ANSWER, outcome=lost)
        again = wire.hold(ANSWER)
        starting = wire.hold("TransactWriteItems", second, "started_at")
        planning = wire.hold("PUT", Keys(second).plan)
        ending.go_on()
        until(again.is_here, "the answer to be given again", 60)
        until(starting.is_here, "the job to start", 60)
        if started:
            starting.go_on()
            until(is_(stack, second, "RUNNING"), "the job to run", 30)
            again.go_on()
            first_arn = stack.client.job(first)["execution_arn"]  # type: ignore[index]
            assert stack.execution(first_arn)["status"] == "SUCCEEDED"
            turn = turn_of(stack, second)
            assert turn is not None
            assert (turn.state, turn.started) == ("GRANTED", True)
        else:
            again.go_on()
            until(lambda: is_taken_back(stack, second), "the turn to be taken back", 30)
            starting.go_on()
        planning.go_on()
        job = stack.wait(second)
    assert answered.met == 1
    arn = job["execution_arn"]
    assert stack.execution(arn)["status"] == "SUCCEEDED"
    names = [stage.name for stage in stack.client.stages(arn)]
    assert names.count("Wait For Turn") == (1 if started else 2)
    assert (job["status"], job["attempts"]) == ("COMPLETE", 1)
    assert_freed(stack, first, second)
