"""AWS's list prices in us-east-1, without free tiers, as of November 2026."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Price:
    """US dollars for one."""

    usd: float
    of: str
    """How AWS states it."""
    page: str


_MILLION = 1_000_000
_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_DYNAMODB = "https://aws.amazon.com/dynamodb/pricing/on-demand/"

TRANSITION = Price(
    0.025 / 1000,
    "0.025 per 1,000 state transitions, retries among them (Standard)",
    "https://aws.amazon.com/step-functions/pricing/",
)
INVOCATION = Price(0.20 / _MILLION, "0.20 per million requests", _LAMBDA)
GB_SECOND = Price(0.0000133334, "0.0000133334 per GB-second (arm64)", _LAMBDA)
WRITE_UNIT = Price(0.625 / _MILLION, "0.625 per million write request units", _DYNAMODB)
READ_UNIT = Price(0.125 / _MILLION, "0.125 per million read request units", _DYNAMODB)
MESSAGE = Price(
    0.50 / _MILLION, "0.50 per million requests (FIFO)", "https://aws.amazon.com/sqs/pricing/"
)
PIPE = Price(
    0.40 / _MILLION,
    "0.40 per million requests of 64 KB",
    "https://aws.amazon.com/eventbridge/pricing/",
)
ALL = (TRANSITION, INVOCATION, GB_SECOND, WRITE_UNIT, READ_UNIT, MESSAGE, PIPE)
