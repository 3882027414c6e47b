"""The ways in: a message on the queue, the HTTP API, StartExecution. And the ways to cancel."""

import contextlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.load.evidence import Sent
from benchmarks.load.messages import Message
from benchmarks.load.stack import send
from functions.shared.errors import CancelRefused
from reelwright.client import Client
from reelwright.direct import DirectClient
from reelwright.errors import (
    BusyError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    ReelwrightClientError,
)

_QUEUE, _API = 0.5, 0.8
"""Of what is drawn: below the first goes by the queue, below the second by the API."""
STARTED = "start"
"""Begins the order keys of jobs that are started: no queue says which of those is first."""
WAYS = 3


class AcceptedError(RuntimeError):
    """The API took what it should have refused."""


@dataclass
class Ways:
    """One stack. `uploads`: the API caller's own copy of each source, by its address."""

    direct: DirectClient
    api: Client
    uploads: Mapping[str, str]
    numbered: int = 0
    """What was accepted so far past the queue, which numbers its own."""

    def send(self, draw: random.Random, message: Message) -> Sent | None:
        """None: it was refused at once, as it had to be, and nobody will hear of it again."""
        chance = draw.random()
        if chance < _QUEUE:
            return send(self.direct, message)
        if message.kind == "poison":
            return self._refused(message)
        body: dict[str, Any] = json.loads(message.body)
        way = "api" if chance < _API and body["source"] in self.uploads else STARTED
        key = message.order_key and f"{way}-{message.order_key}"
        if key:
            body["order_key"] = key
        keyed = replace(message, order_key=key)
        return self._post(keyed, body) if way == "api" else self._start(keyed, body)

    def _post(self, message: Message, body: dict[str, Any]) -> Sent:
        """The API gives out ids of its own; under the same key the same one."""
        key = str(body.pop("job_id"))
        body["source"] = self.uploads[body["source"]]
        while True:
            # It may have met a fault. Under its key it is one job however often it is sent.
            with contextlib.suppress(BusyError):
                job_id = self.api.submit(body, idempotency_key=key).job_id
                return self._sent(replace(message, job_id=job_id))

    def _start(self, message: Message, body: dict[str, Any]) -> Sent:
        self.direct.start(body, name=str(message.job_id))
        return self._sent(message)

    def _sent(self, message: Message) -> Sent:
        self.numbered += 1
        return Sent(message, str(message.job_id), self.numbered)

    def _refused(self, message: Message) -> Sent | None:
        try:
            body = json.loads(message.body)
        except (ValueError, RecursionError):
            return send(self.direct, message)
        if not isinstance(body, dict):
            return send(self.direct, message)
        with contextlib.suppress(InvalidRequestError, BusyError):
            job = self.api.submit(body)
            raise AcceptedError(f"The API accepted {message.name} as {job.job_id}.")
        return None

    def cancel(self, draw: random.Random, job_id: str) -> bool | None:
        """Whether the job is cancelled now; None: a fault was in between, so it may be."""
        try:
            if draw.random() < _QUEUE:
                return self.direct.cancel(job_id) == "CANCELLED"
            self.api.cancel(job_id)
        except (CancelRefused, ConflictError, NotFoundError):
            return False
        except (ReelwrightClientError, RuntimeError):
            return None
        return True
