"""What a handler takes from the world: settings, clients, the log. Made on first use, then kept.

Only handlers import this; logic gets its values and stores passed in.
"""

import functools
import gc
import os
import re
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from aws_lambda_powertools import Logger
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
from botocore.session import Session

from functions.shared.answers import StepFunctionsAnswers
from functions.shared.errors import AwsRefused, ReelwrightError, TransientError
from functions.shared.executions import StepFunctionsExecutions
from functions.shared.jobs_table import JobsTable
from functions.shared.meter import METER, process_age_s
from functions.shared.reach import NO_WEB
from functions.shared.trace import annotate
from functions.shared.turns_table import TurnsTable

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sqs import SQSClient

    from functions.shared.media_store import MediaStore
    from functions.shared.submissions import Submissions

Event = dict[str, Any]
_ABOUT = ("job_id", "execution_arn", "index", "batch")
"""What every line of a call says, as far as the call was told: job, execution, and the number of
the chunk or of the batch of pictures."""
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


def optional_setting(name: str) -> str | None:
    """One that only some stages have."""
    return os.environ.get(name)


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
def _session() -> Session:
    """botocore's: boto3 would add to it a tenth of a function's start, and nothing used here."""
    return Session()


def _client(service: str, config: Config | None = None) -> Any:
    return _session().create_client(service, config=config or _config())


@functools.cache
def media_store() -> "MediaStore":
    from functions.shared.media_store import MediaStore  # noqa: PLC0415 - it reads plans

    s3 = METER.watch(_client("s3", _s3_config()))
    return MediaStore(s3, setting("MEDIA_BUCKET"))


@functools.cache
def jobs_table() -> JobsTable:
    dynamodb = METER.watch(_client("dynamodb"))
    return JobsTable(dynamodb, setting("JOBS_TABLE"), TurnsTable(dynamodb, setting("TURNS_TABLE")))


@functools.cache
def answers() -> StepFunctionsAnswers:
    return StepFunctionsAnswers(_client("stepfunctions"))


@functools.cache
def executions() -> StepFunctionsExecutions:
    return StepFunctionsExecutions(_client("stepfunctions"))


@functools.cache
def submissions() -> "Submissions":
    from functions.shared.submissions import Submissions  # noqa: PLC0415 - it reads requests

    return Submissions(_client("dynamodb"), setting("SUBMISSIONS_TABLE"))


@functools.cache
def lambdas() -> "LambdaClient":
    client: LambdaClient = _client("lambda")
    return client


@functools.cache
def sqs() -> "SQSClient":
    client: SQSClient = _client("sqs")
    return client


@functools.cache
def events() -> "EventBridgeClient":
    client: EventBridgeClient = _client("events")
    return client


@functools.cache
def secrets_manager() -> "SecretsManagerClient":
    client: SecretsManagerClient = _client("secretsmanager")
    return client


def readable_buckets() -> tuple[str, ...]:
    """Buckets a source may be in; the stack's own comes first, and NO_WEB last where it holds."""
    told = setting("SOURCE_BUCKETS").replace(",", " ").split()
    web = (NO_WEB,) if optional_setting("WAY_OUT") == "none" else ()
    return (setting("MEDIA_BUCKET"), *told, *web)


def _named(handle: Callable[[Any, Context], Any], event: Any, context: Context) -> Any:
    """Call the handler. AWS's faults have dozens of class names; here they get two."""
    try:
        return handle(event, context)
    except (BotoCoreError, ClientError) as error:
        if is_passing(error):
            raise TransientError(f"AWS did not do what was asked just now: {error}.") from error
        said = str(error).rstrip(".")
        raise AwsRefused(f"AWS refused what this function asked of it: {said}.") from error


def is_passing(error: BaseException) -> bool:
    """Whether another attempt may succeed: a fault of network or service, or a throttle."""
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return status >= _SERVER_ERROR or status == _TOO_MANY or code in _THROTTLES
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
    """Wrap a handler: its lines say what they are about, its errors are logged once, its time is
    metered. To wrap it is the last thing that a function's import does."""
    METER.loaded(process_age_s())
    if not gc.isenabled():  # see functions/__init__.py
        gc.freeze()
        gc.enable()

    @functools.wraps(handle)
    def wrapper(event: Any, context: Context) -> Any:
        METER.begin()
        began_at = time.time()
        wrong: dict[str, str] = {}
        log = logger()
        log.structure_logs(function_request_id=context.aws_request_id)
        if isinstance(event, dict):
            log.append_keys(
                **{key: event[key] for key in _ABOUT if isinstance(event.get(key), str | int)}
            )
        try:
            return _named(handle, event, context)
        except Exception as error:
            name = type(error).__name__
            wrong = {"error_name": name}
            if isinstance(error, ReelwrightError):
                log.warning(str(error), error_name=name)
            raise
        finally:
            told = log.get_current_keys()
            about = {key: told[key] for key in _ABOUT if told.get(key) is not None}
            annotate(began_at, time.time(), about | wrong)
            log.info("ended", billed_ms=METER.billed_ms, **_peak_memory())

    return wrapper
