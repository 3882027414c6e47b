"""What a handler takes from the world: settings, clients, the log. Made on first use, then kept.

Only handlers import this; logic gets its values and stores passed in.
"""

import functools
import os
import re
import resource
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from aws_lambda_powertools import Logger
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)
from botocore.exceptions import (
    ConnectionError as NoConnection,
)

from functions.shared.answers import StepFunctionsAnswers
from functions.shared.errors import AwsRefused, ReelwrightError, TransientError
from functions.shared.executions import StepFunctionsExecutions
from functions.shared.jobs_table import JobsTable
from functions.shared.media_store import MediaStore
from functions.shared.submissions import Submissions
from functions.shared.turns_table import TurnsTable

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sqs import SQSClient

Event = dict[str, Any]
_SERVER_ERROR = 500
_PASSING = (HTTPClientError, IncompleteReadError, NoConnection, ResponseStreamingError)
_TOO_MANY = 429
_THROTTLES = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}


class Context(Protocol):
    """The part of Lambda's context object that handlers use."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


def setting(name: str) -> str:
    """A function's setting; the stack sets every one a function reads."""
    return os.environ[name]


@functools.cache
def logger() -> Logger:
    """The function's structured log: one JSON object a line."""
    return Logger()


@functools.cache
def _config() -> Config:
    """Asked for little, a service answers at once or not at all: the shortest function must have
    time left to ask again."""
    return Config(
        retries={"mode": "standard", "max_attempts": 5},
        connect_timeout=5,
        read_timeout=8,
        max_pool_connections=32,
    )


def _s3_config() -> Config:
    """Presigned addresses of objects under our own key must be signed by version 4, and must name
    the region's own host: the global one redirects for a new bucket, which a signature forbids.
    S3 may take its time to publish a large file."""
    return _config().merge(
        Config(
            read_timeout=60,
            signature_version="s3v4",
            s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
        )
    )


@functools.cache
def media_store() -> MediaStore:
    return MediaStore(boto3.client("s3", config=_s3_config()), setting("MEDIA_BUCKET"))


@functools.cache
def jobs_table() -> JobsTable:
    dynamodb = boto3.client("dynamodb", config=_config())
    return JobsTable(dynamodb, setting("JOBS_TABLE"), TurnsTable(dynamodb, setting("TURNS_TABLE")))


@functools.cache
def answers() -> StepFunctionsAnswers:
    return StepFunctionsAnswers(boto3.client("stepfunctions", config=_config()))


@functools.cache
def executions() -> StepFunctionsExecutions:
    return StepFunctionsExecutions(boto3.client("stepfunctions", config=_config()))


@functools.cache
def submissions() -> Submissions:
    return Submissions(boto3.client("dynamodb", config=_config()), setting("SUBMISSIONS_TABLE"))


@functools.cache
def lambdas() -> "LambdaClient":
    return boto3.client("lambda", config=_config())


@functools.cache
def sqs() -> "SQSClient":
    return boto3.client("sqs", config=_config())


@functools.cache
def events() -> "EventBridgeClient":
    return boto3.client("events", config=_config())


@functools.cache
def secrets_manager() -> "SecretsManagerClient":
    return boto3.client("secretsmanager", config=_config())


def readable_buckets() -> tuple[str, ...]:
    """Buckets a source may be in; the stack's own comes first."""
    return (setting("MEDIA_BUCKET"), *setting("SOURCE_BUCKETS").replace(",", " ").split())


def _named(handle: Callable[[Any, Context], Any], event: Any, context: Context) -> Any:
    """Call the handler. AWS's faults have dozens of class names; here they get two."""
    try:
        return handle(event, context)
    except (BotoCoreError, Boto3Error, ClientError) as error:
        if is_passing(error):
            raise TransientError(f"AWS did not do what was asked just now: {error}.") from error
        raise AwsRefused(f"AWS refused what this function asked of it: {_cause(error)}.") from error


def _cause(error: BaseException) -> str:
    """AWS's own words. What a transfer wraps around them names files of this machine."""
    while isinstance(error, Boto3Error) and (error.__cause__ or error.__context__):
        error = error.__cause__ or error.__context__ or error
    return str(error).rstrip(".")


def is_passing(error: BaseException) -> bool:
    """Whether another attempt may succeed: a fault of network or service, or a throttle."""
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return status >= _SERVER_ERROR or status == _TOO_MANY or code in _THROTTLES
    if isinstance(error, Boto3Error):  # what a transfer wraps says why
        cause = error.__cause__ or error.__context__
        return cause is None or is_passing(cause)
    return isinstance(error, _PASSING)


def _peak_memory() -> dict[str, Any]:
    """Peak resident MB of this process and of the largest child it waited for, so far."""
    # getrusage would count what the process that started this one held when it forked.
    held = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    children_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "peak_mb": int(held[1]) // 1024 if held else None,
        "peak_child_mb": children_kib // 1024,
    }


def logged(handle: Callable[[Any, Context], Any]) -> Callable[[Any, Context], Any]:
    """Wrap a handler: its lines carry the request id and the job id, its errors are logged once."""

    @functools.wraps(handle)
    def wrapper(event: Any, context: Context) -> Any:
        log = logger()
        log.structure_logs(function_request_id=context.aws_request_id)
        if isinstance(event, dict) and isinstance(event.get("job_id"), str):
            log.append_keys(
                job_id=event["job_id"],
                **{key: event[key] for key in ("index", "batch") if key in event},
            )
        try:
            return _named(handle, event, context)
        except ReelwrightError as error:
            log.warning(str(error), error_name=type(error).__name__)
            raise
        finally:
            log.info("ended", **_peak_memory())

    return wrapper
