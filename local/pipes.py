"""Runs EventBridge pipes from an SQS queue to a state machine, as the service runs them.

The engine stores pipes but polls none of this kind. All is done through public APIs, in the name of
the pipe's role.
"""

import json
import logging
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.shims.permissions import credentials

_REFRESH_S = 0.5
_LONG_POLL_S = 5
_RETRY_S = 1.0
_MAX_CONCURRENT_BATCHES = 8
"""A new worker starts for each call that finds none free, and this machine has few cores."""
_log = logging.getLogger(__name__)


class UnsupportedPipeError(ValueError):
    """The pipe asks for something this runner does not do."""


class EnrichmentFailedError(RuntimeError):
    """The enrichment function ended with an error."""


class PipeRunner:
    """Polls every running pipe; looks for new and changed ones all the time."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._stopped = threading.Event()
        self._pollers: dict[str, Poller] = {}
        self._refused: set[str] = set()
        self._thread = threading.Thread(target=self._run, daemon=True, name="pipes")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Receive no further messages. What is in hand may still be delivered."""
        self._stopped.set()
        for poller in self._pollers.values():
            poller.stop()

    def _run(self) -> None:
        pipes = _client("pipes", self._endpoint)
        while not self._stopped.is_set():
            try:
                self._refresh(pipes)
            except (BotoCoreError, ClientError) as error:
                _log.warning("pipes could not be listed: %s", error)
            self._stopped.wait(_REFRESH_S)

    def _refresh(self, pipes: Any) -> None:
        """Poll the pipes that exist now, each as it is now."""
        pages = pipes.get_paginator("list_pipes").paginate(CurrentState="RUNNING")
        # A changed pipe is another pipe: its old poller ends, a new one starts.
        wanted = {f"{p['Arn']} {p['LastModifiedTime']}": p for page in pages for p in page["Pipes"]}
        for version in [version for version in self._pollers if version not in wanted]:
            self._pollers.pop(version).stop()
            _log.info("pipe %s is polled no more", version.split()[0].rpartition("/")[2])
        for version in wanted.keys() - self._pollers.keys() - self._refused:
            pipe = pipes.describe_pipe(Name=wanted[version]["Name"])
            try:
                poller = Poller(pipe, self._endpoint)
            except UnsupportedPipeError as error:
                _log.error("pipe %s is not run: %s", pipe["Name"], error)
                self._refused.add(version)
                continue
            self._pollers[version] = poller
            poller.start()
            _log.info("pipe %s is polled", pipe["Name"])


class Poller:
    """One pipe. SQS itself holds a message group back while one of its messages is in hand."""

    def __init__(self, pipe: dict[str, Any], endpoint: str) -> None:
        _check_supported(pipe)
        self._pipe = pipe
        parameters = pipe.get("SourceParameters", {}).get("SqsQueueParameters", {})
        self._batch_size = int(parameters.get("BatchSize", 10))
        self._source = pipe["Source"]
        self._stopped = threading.Event()
        role = credentials(pipe["RoleArn"])
        self._names = _client("sqs", endpoint)
        self._sqs = _client("sqs", endpoint, role)
        self._functions = _client("lambda", endpoint, role)
        self._machines = _client("stepfunctions", endpoint, role)
        self._batches = ThreadPoolExecutor(_MAX_CONCURRENT_BATCHES)
        self._free = threading.Semaphore(_MAX_CONCURRENT_BATCHES)
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"pipe {pipe['Name']}")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        queue_name = self._source.rpartition(":")[2]
        url: str | None = None
        while not self._stopped.is_set():
            try:
                url = url or self._names.get_queue_url(QueueName=queue_name)["QueueUrl"]
                self._receive(url)
            except (BotoCoreError, ClientError) as error:
                if not self._stopped.is_set():
                    _log.warning("pipe %s could not receive: %s", self._pipe["Name"], error)
                self._stopped.wait(_RETRY_S)
        self._batches.shutdown(wait=False)

    def _receive(self, url: str) -> None:
        """Hand over what one long poll brings, each message group as a batch of its own."""
        messages = self._sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(self._batch_size, 10),
            WaitTimeSeconds=_LONG_POLL_S,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        groups = defaultdict(list)
        for message in messages:
            groups[message["Attributes"].get("MessageGroupId", "")].append(message)
        for batch in groups.values():
            # Take no more in hand than can be delivered before the queue shows it again.
            self._free.acquire()
            self._batches.submit(self._deliver, url, batch).add_done_callback(
                lambda _: self._free.release()
            )

    def _deliver(self, url: str, batch: list[dict[str, Any]]) -> None:
        """Start the target, then delete. After an error the queue itself brings the batch again."""
        try:
            events = [_record(message, self._source) for message in batch]
            if "Enrichment" in self._pipe:
                events = self._enrich(events)
            if events:
                self._machines.start_execution(
                    stateMachineArn=self._pipe["Target"], input=json.dumps(events)
                )
            self._delete(url, batch)
        except (BotoCoreError, ClientError, EnrichmentFailedError) as error:
            _log.warning("pipe %s leaves a batch for redelivery: %s", self._pipe["Name"], error)

    def _enrich(self, events: list[dict[str, Any]]) -> list[Any]:
        """The events the enrichment function makes of these; none: the target is not called."""
        answer = self._functions.invoke(
            FunctionName=self._pipe["Enrichment"], Payload=json.dumps(events)
        )
        text = answer["Payload"].read()
        if "FunctionError" in answer:
            raise EnrichmentFailedError(f"enrichment failed: {text.decode()[:500]}")
        enriched = json.loads(text or "null")
        if not enriched:
            return []
        return enriched if isinstance(enriched, list) else [enriched]

    def _delete(self, url: str, batch: list[dict[str, Any]]) -> None:
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(batch)
        ]
        self._sqs.delete_message_batch(QueueUrl=url, Entries=entries)


def _check_supported(pipe: dict[str, Any]) -> None:
    """Refuse what would be done differently here than on AWS."""
    source, target = pipe["Source"].split(":")[2], pipe["Target"].split(":")[2]
    enrichment = pipe.get("Enrichment", "arn:aws:lambda").split(":")[2]
    if (source, enrichment, target) != ("sqs", "lambda", "states"):
        raise UnsupportedPipeError(
            f"only sqs, enriched by lambda, to states is supported, not {source}, {enrichment}, "
            f"{target}."
        )
    for part, name in (
        ("SourceParameters", "FilterCriteria"),
        ("EnrichmentParameters", "InputTemplate"),
        ("TargetParameters", "InputTemplate"),
    ):
        if pipe.get(part, {}).get(name):
            raise UnsupportedPipeError(f"{part}.{name} is not supported: take it out.")


def _record(message: dict[str, Any], source_arn: str) -> dict[str, Any]:
    """A message as a pipe passes it on."""
    attributes = {}
    for name, attribute in message.get("MessageAttributes", {}).items():
        attributes[name] = {key[0].lower() + key[1:]: text for key, text in attribute.items()}
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": source_arn,
        "awsRegion": source_arn.split(":")[3],
    }


def _client(service: str, endpoint: str, role: dict[str, str] | None = None) -> Any:
    """As the engine's own account, or in a session of a role."""
    return boto3.session.Session().client(  # type: ignore[call-overload]
        service,
        endpoint_url=endpoint,
        **role or {},
        # An enrichment may take as long as a function may.
        config=Config(read_timeout=910, retries={"total_max_attempts": 1}, max_pool_connections=40),
    )
