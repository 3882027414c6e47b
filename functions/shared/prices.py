"""AWS's list prices: what one unit of each thing costs. The only place that holds a price.

On demand, the first tier, without free tiers and taxes. `docs/costs.md` prints this list.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Architecture = Literal["arm64", "x86_64"]

PRICES_OF = "2026-11-21"
"""The day on which every price below was looked up."""
REGION = "us-east-1"
"""Whose prices they are. Other regions cost up to half as much again."""

_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_STATES = "https://aws.amazon.com/step-functions/pricing/"
_S3 = "https://aws.amazon.com/s3/pricing/"
_DYNAMODB = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
_EVENTS = "https://aws.amazon.com/eventbridge/pricing/"
_WATCH = "https://aws.amazon.com/cloudwatch/pricing/"


@dataclass(frozen=True)
class Price:
    """What AWS asks, as it states it: `usd` for each `per` of `unit`."""

    usd: Decimal
    per: int
    unit: str
    page: str

    @property
    def each(self) -> Decimal:
        """US dollars for one."""
        return self.usd / self.per

    def of(self, count: Decimal | float) -> Decimal:
        """US dollars for so many; a float counts as it is written."""
        return self.usd * Decimal(str(count)) / self.per


def _price(usd: str, per: int, unit: str, page: str) -> Price:
    return Price(Decimal(usd), per, unit, page)


_THOUSAND, _MILLION = 1000, 1_000_000

LAMBDA_GB_SECOND: dict[Architecture, Price] = {
    "arm64": _price("0.0000133334", 1, "GB-second of a function (arm64)", _LAMBDA),
    "x86_64": _price("0.0000166667", 1, "GB-second of a function (x86_64)", _LAMBDA),
}
"""A GB is 1,024 MB; time counts from the start of initialization, by whole milliseconds."""
LAMBDA_REQUEST = _price("0.20", _MILLION, "calls of functions", _LAMBDA)
LAMBDA_STORAGE_GB_SECOND = _price(
    "0.0000000309", 1, "GB-second of a function's /tmp above 512 MB", _LAMBDA
)
TRANSITION = _price("0.025", _THOUSAND, "state transitions, retries among them", _STATES)
EXPRESS_REQUEST = _price("1.00", _MILLION, "Express executions", _STATES)
EXPRESS_GB_SECOND = _price("0.00001667", 1, "GB-second of an Express execution", _STATES)
"""Memory by begun 64 MB, time by begun 100 ms."""
S3_PUT = _price("0.005", _THOUSAND, "PUT, COPY, POST and LIST requests", _S3)
S3_GET = _price("0.0004", _THOUSAND, "GET, HEAD and all other requests", _S3)
S3_GB_MONTH = _price("0.023", 1, "GB-month of storage (Standard)", _S3)
DYNAMODB_WRITE = _price("0.625", _MILLION, "write request units", _DYNAMODB)
DYNAMODB_READ = _price("0.125", _MILLION, "read request units", _DYNAMODB)
SQS_FIFO_REQUEST = _price(
    "0.50", _MILLION, "requests to a FIFO queue", "https://aws.amazon.com/sqs/pricing/"
)
PIPE_REQUEST = _price("0.40", _MILLION, "requests of 64 KB through a pipe", _EVENTS)
EVENT = _price("1.00", _MILLION, "events put on a bus of one's own", _EVENTS)
LOG_GB = _price("0.50", 1, "GB of logs taken in", _WATCH)
LOG_GB_READ = _price("0.005", 1, "GB of logs read by a query", _WATCH)
METRIC_MONTH = _price("0.30", 1, "month of a metric of one's own", _WATCH)
"""By the hours in which it has values."""
ALARM_MONTH = _price("0.10", 1, "month of a metric in an alarm", _WATCH)
DASHBOARD_MONTH = _price("3.00", 1, "month of a dashboard", _WATCH)
KMS_REQUEST = _price("0.03", 10_000, "requests to KMS", "https://aws.amazon.com/kms/pricing/")
TRACE = _price("5.00", _MILLION, "X-Ray traces recorded", "https://aws.amazon.com/xray/pricing/")

ALL: tuple[Price, ...] = (
    *LAMBDA_GB_SECOND.values(),
    LAMBDA_REQUEST,
    LAMBDA_STORAGE_GB_SECOND,
    TRANSITION,
    EXPRESS_REQUEST,
    EXPRESS_GB_SECOND,
    S3_PUT,
    S3_GET,
    S3_GB_MONTH,
    DYNAMODB_WRITE,
    DYNAMODB_READ,
    SQS_FIFO_REQUEST,
    PIPE_REQUEST,
    EVENT,
    LOG_GB,
    LOG_GB_READ,
    METRIC_MONTH,
    ALARM_MONTH,
    DASHBOARD_MONTH,
    KMS_REQUEST,
    TRACE,
)
