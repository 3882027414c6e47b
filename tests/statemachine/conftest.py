"""moto's Step Functions interpreter without its Java engine and without Docker."""

import functools
import logging
from collections.abc import Callable, Iterator
from typing import Any

import moto.awslambda.models as moto_lambda
import moto.stepfunctions.parser.asl.jsonata.jsonata as moto_jsonata
import pytest
from jsonata import Jsonata
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    distributed_iteration_component as moto_map,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import (
    branches_decl as moto_branches,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from tests.mocked_aws import mocked_aws
from tests.statemachine.machine import BUCKET, Machine, Worker, Workers
from tests.statemachine.workers import healthy

THRESHOLD = "States.ExceedToleratedFailureThreshold"


def fail_the_map_with_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS fails a Distributed Map whose child failed; moto counts the failure and goes on."""
    component = moto_map.DistributedIterationComponent
    run_map = component._map_run

    def run_and_judge(self: Any, env: Any, eval_input: Any) -> None:
        run_map(self, env, eval_input)
        if eval_input.map_run_record.item_counter.failed.get():
            details = TaskFailedEventDetails(error=THRESHOLD, cause="A child execution failed.")
            raise FailureEventException(
                FailureEvent(
                    env=env,
                    error_name=StatesErrorName(
                        StatesErrorNameType.StatesExceedToleratedFailureThreshold
                    ),
                    event_type=HistoryEventType.TaskFailed,
                    event_details=EventDetails(taskFailedEventDetails=details),
                )
            )

    monkeypatch.setattr(component, "_map_run", run_and_judge)


# The machine's text is long, and the same in every test.
validated_once = functools.cache(StepFunctionsParserBackend._validate_definition)


class AnyErrorName(ErrorName):
    """AWS lets an error named `States.…` leave a Parallel's branch; moto crashes on it."""


@pytest.fixture
def make_machine(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Callable[..., Machine]]:
    """A machine whose workers are the healthy ones but for those given by name."""
    monkeypatch.setattr(moto_jsonata, "_eval_jsonata", lambda text: Jsonata(text).evaluate(None))
    fail_the_map_with_its_children(monkeypatch)
    monkeypatch.setattr(
        StepFunctionsParserBackend, "_validate_definition", staticmethod(validated_once)
    )
    monkeypatch.setattr(moto_branches, "CustomErrorName", AnyErrorName)
    # On a failed state its evaluator logs the whole parsed machine.
    caplog.set_level(logging.CRITICAL, "moto.stepfunctions")
    with mocked_aws(
        stepfunctions={"execute_state_machine": True}, **{"lambda": {"use_docker": True}}
    ):

        def make(**answers: Worker) -> Machine:
            workers = Workers({**healthy(), **answers})

            def invoke(function: Any, event: Any = None) -> tuple[str, bool, str]:
                return workers.invoke(function.function_name, event)

            monkeypatch.setattr(moto_lambda.LambdaFunction, "_invoke_lambda", invoke)
            machine = Machine(workers)
            machine.register("job-1")
            machine.s3.put_object(
                Bucket=BUCKET,
                Key="jobs/job-1/chunks.json",
                Body=b'[{"index":0,"start_frame":0,"end_frame":48},'
                b'{"index":1,"start_frame":48,"end_frame":96}]',
            )
            return machine

        yield make
