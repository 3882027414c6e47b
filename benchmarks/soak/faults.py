"""What goes wrong during a soak, drawn by its seed.

The seed repeats what is drawn, in its order; which call meets it is the machine's business.
"""

import contextlib
import os
import random
import signal
import threading
from dataclasses import dataclass, field
from functools import cached_property

from benchmarks.soak.workers import workers
from local.embedded import EmbeddedAws
from tests.integration.faulty_wire import (
    Call,
    FaultyWire,
    Outcome,
    cut_short,
    dropped,
    lost,
    passed_on,
    refused,
)

SERVICES = ("S3", "DYNAMODB", "SFN")
_ANY = (dropped, lost)
_OF_S3 = (refused(503, "SlowDown"), refused(500, "InternalError"))
_OF_TABLES = (
    refused(400, "ProvisionedThroughputExceededException"),
    refused(500, "InternalServerError"),
    refused(500, "InternalServerError", though_done=True),
)
_OF_STATES = (refused(400, "ThrottlingException"),)
_THROTTLED_S = (0.5, 3.0)
_NEVER_THROTTLED = ("ResizeSnapshot", "TakeLiveSnapshots", "DeliverWebhook")


class ChancyWire(FaultyWire):
    """Between functions and AWS: now and then a call ends otherwise than it should."""

    def __init__(self, endpoint: str, draw: random.Random, share: float) -> None:
        """`share`: of all calls."""
        super().__init__(endpoint)
        self.share, self.met = share, 0
        self._draw, self._drawing = draw, threading.Lock()

    def outcome(self, call: Call) -> Outcome:
        with self._drawing:
            if self._draw.random() >= self.share:
                return passed_on
            self.met += 1
            return self._draw.choice(outcomes(call.name, is_s3=call.is_s3))


def outcomes(name: str, *, is_s3: bool) -> tuple[Outcome, ...]:
    """What may become of a call of this name."""
    if is_s3:
        return (*_ANY, *_OF_S3, cut_short) if name == "GET" else (*_ANY, *_OF_S3)
    is_of_states = name.startswith(("SendTask", "StopExecution", "DescribeExecution"))
    return (*_ANY, *(_OF_STATES if is_of_states else _OF_TABLES))


@dataclass
class Machine:
    """The functions of an embedded stack, to be killed and throttled."""

    aws: EmbeddedAws
    functions: dict[str, str]
    """Names by stem."""
    counts: dict[str, int] = field(default_factory=dict)
    """What was done, how often."""

    @classmethod
    def of(cls, aws: EmbeddedAws, stack: str) -> "Machine":
        pages = aws.client("cloudformation").get_paginator("list_stack_resources")
        found = {
            resource["LogicalResourceId"].partition("Function")[0]: resource["PhysicalResourceId"]
            for page in pages.paginate(StackName=stack)
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == "AWS::Lambda::Function"
            and "Function" in resource["LogicalResourceId"]
        }
        return cls(aws, found)

    @cached_property
    def _throttled(self) -> list[str]:
        return sorted(stem for stem in self.functions if stem not in _NEVER_THROTTLED)

    def lead_over(self, wire: FaultyWire) -> None:
        """Every function's requests. Only before one has run."""
        lambdas = self.aws.client("lambda")
        addresses = {f"AWS_ENDPOINT_URL_{service}": wire.url for service in SERVICES}
        for name in self.functions.values():
            told = lambdas.get_function_configuration(FunctionName=name)
            own = told.get("Environment", {}).get("Variables", {})
            lambdas.update_function_configuration(
                FunctionName=name, Environment={"Variables": {**own, **addresses}}
            )
            lambdas.get_waiter("function_updated_v2").wait(FunctionName=name)

    def variable(self, stem: str, name: str) -> str:
        """Of a function's environment."""
        told = self.aws.client("lambda").get_function_configuration(
            FunctionName=self.functions[stem]
        )
        return str(told["Environment"]["Variables"][name])

    def kill_one(self, draw: random.Random) -> None:
        """End a function's process, whatever it does, as a sandbox that fails does."""
        running = workers(self.aws)
        if running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(draw.choice(running), signal.SIGKILL)
            self._count("functions killed")

    def throttle(self, draw: random.Random) -> threading.Timer:
        """For a moment a function takes no call. Returns what frees it again, whoever waits."""
        name = self.functions[draw.choice(self._throttled)]
        lambdas = self.aws.client("lambda")
        lambdas.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        self._count("functions throttled")
        freeing = threading.Timer(
            draw.uniform(*_THROTTLED_S),
            lambdas.delete_function_concurrency,
            kwargs={"FunctionName": name},
        )
        freeing.start()
        return freeing

    def start_again(self) -> None:
        """Stop the whole embedded AWS, and start it with what it kept, at the same address."""
        endpoint = self.aws.endpoint
        self.aws.stop()
        self.aws.start()
        if self.aws.endpoint != endpoint:
            raise RuntimeError(f"The embedded AWS came back at {self.aws.endpoint}: run it again.")
        self._count("engine stopped and started")

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
