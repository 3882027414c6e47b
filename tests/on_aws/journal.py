"""What a run of the tests makes in the account, noted as it is made.

The calls themselves tell it, so a test needs to do nothing, and a run that was killed has left its
notes. A line each: {"kind": …, "name": …}.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from functions.shared.admission import safe_id, wanted_id

Noted = Iterator[tuple[str, str]]
_PARAMS = "reelwright_params"


@dataclass(frozen=True)
class Journal:
    """One file."""

    path: Path

    def note(self, kind: str, name: str) -> None:
        """A line is written as a whole: tests call from threads."""
        with _writing, self.path.open("a") as file:
            file.write(json.dumps({"kind": kind, "name": name}) + "\n")

    def names(self, kind: str) -> list[str]:
        """Each once, in the order they were first noted."""
        if not self.path.exists():
            return []
        lines = [json.loads(line) for line in self.path.read_text().splitlines()]
        return list(dict.fromkeys(str(one["name"]) for one in lines if one["kind"] == kind))

    def watch(self, session: boto3.Session) -> None:
        """Note what every client of this session makes, from now on."""

        def before(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
            context[_PARAMS] = params

        def after(parsed: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
            for kind, name in _TELLS.get(model.name, _nothing)(context.get(_PARAMS, {}), parsed):
                self.note(kind, name)

        session.events.register("provide-client-params", before)
        session.events.register("after-call", after)


_writing = threading.Lock()


def _nothing(_given: Mapping[str, Any], _answer: Mapping[str, Any]) -> Noted:
    yield from ()


def _message(given: Mapping[str, Any], answer: Mapping[str, Any]) -> Noted:
    """A job under the id its message asks for, or under the message's own."""
    if "MessageId" in answer:
        yield from _jobs_of(given.get("MessageBody", ""), answer["MessageId"])


def _jobs_of(text: str, fallback: str) -> Noted:
    for job_id in (wanted_id(text), safe_id(fallback)):
        if job_id:
            yield "job", job_id


def _execution(given: Mapping[str, Any], answer: Mapping[str, Any]) -> Noted:
    if arn := answer.get("executionArn"):
        yield "execution", arn
        yield from _jobs_of(given.get("input", ""), arn.rpartition(":")[2])


def _call(given: Mapping[str, Any], _answer: Mapping[str, Any]) -> Noted:
    """Register Job, called past its queue."""
    if "RegisterJob" in given.get("FunctionName", ""):
        for message in json.loads(given.get("Payload", "[]")):
            yield from _jobs_of(message["body"], message["messageId"])


def _user(_given: Mapping[str, Any], answer: Mapping[str, Any]) -> Noted:
    """By its `sub`, which is its user name in the pool and the owner of its jobs."""
    told = {one["Name"]: one["Value"] for one in answer.get("User", {}).get("Attributes", [])}
    if "sub" in told:
        yield "user", told["sub"]


def _pool(_given: Mapping[str, Any], answer: Mapping[str, Any]) -> Noted:
    if "UserPool" in answer:
        yield "pool", answer["UserPool"]["Id"]


def _object(given: Mapping[str, Any], answer: Mapping[str, Any]) -> Noted:
    if answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < _ERROR:
        yield "object", f"{given['Bucket']}/{given['Key']}"


def _queue(_given: Mapping[str, Any], answer: Mapping[str, Any]) -> Noted:
    if "QueueUrl" in answer:
        yield "queue", answer["QueueUrl"]


def _rule(given: Mapping[str, Any], answer: Mapping[str, Any]) -> Noted:
    if "RuleArn" in answer:
        yield "rule", f"{given.get('EventBusName', 'default')} {given['Name']}"


_ERROR = 400
_TELLS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Noted]] = {
    "AdminCreateUser": _user,
    "CreateMultipartUpload": _object,
    "CreateQueue": _queue,
    "CreateUserPool": _pool,
    "Invoke": _call,
    "PutObject": _object,
    "PutRule": _rule,
    "SendMessage": _message,
    "StartExecution": _execution,
}
