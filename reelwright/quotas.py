"""What a configuration asks of an account, against what that allows. No call is made here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["ok", "narrower", "refused", "unread"]
"""`narrower`: it works, but waits where it would not have to."""

HEADROOM = 5
"""Functions that are to find room beside chunks: register, claim, finish, reconcile, the API."""
LEAST_UNRESERVED = 100
"""What AWS keeps for functions without a reservation; a deploy that reserves into it fails."""
LEAST = 2
"""The API's function waits for the one that cancels: with room for less, no cancelling ends."""
MOST_OVERSOLD = 3
"""Chunks that want to run, for each that may. Throttled calls are made again after half a minute on
average; with more rivals than this a message that comes meanwhile may fail all five of its
deliveries."""
NEW_ACCOUNT_MEMORY_MB = 3008
_CHUNK_S = 5
"""A short chunk's rendering. Requests of each: two states, and some ten to S3 that KMS answers."""
_TRANSITIONS, _KEY_REQUESTS = 2, 10
_RAISE = (
    "aws service-quotas request-service-quota-increase --service-code lambda "
    "--quota-code L-B99A9384 --desired-value 1000"
)


@dataclass(frozen=True)
class Asked:
    """A quota of Service Quotas that matters here. Its code, or words of its name, tell it."""

    service: str
    words: tuple[str, ...]
    says: str
    source: str
    code: str = ""


_DOCS = "https://docs.aws.amazon.com"
_STATES = f"{_DOCS}/step-functions/latest/dg/service-quotas.html"
CONCURRENCY_SOURCE = f"{_DOCS}/lambda/latest/dg/gettingstarted-limits.html"
MAP_RUNS = Asked("states", ("map run", "open"), "Step Functions: open Map Runs", _STATES)
TRANSITIONS = Asked(
    "states", ("statetransition", "refill"), "Step Functions: state transitions a second", _STATES
)
STARTS = Asked(
    "states",
    ("startexecution throttle token refill rate",),
    "Step Functions: executions started a second",
    _STATES,
)
KEYS = Asked(
    "kms",
    ("cryptographic operations (symmetric) request rate",),
    "KMS: requests with symmetric keys a second",
    f"{_DOCS}/kms/latest/developerguide/requests-per-second.html",
    code="L-6E3AF000",
)
MESSAGES = Asked(
    "sqs",
    ("fifo", "throughput"),
    "SQS: FIFO messages a second",
    f"{_DOCS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html",
)
ASKED = (MAP_RUNS, TRANSITIONS, STARTS, KEYS, MESSAGES)


@dataclass(frozen=True)
class Settings:
    """Of a stack that is there, or of one to be deployed."""

    max_active_jobs: int
    max_parallel: int
    is_express: bool = False
    """Whether chunks are Express executions, which end after five minutes, waiting included."""
    reserves: Mapping[str, int] = field(default_factory=dict)
    """Reserved concurrency of the stack's functions, by name."""
    memory_mb: int = 0
    """Of its largest function."""
    is_deployed: bool = True

    @property
    def width(self) -> int:
        """Chunks that may want to run at once."""
        return self.max_active_jobs * self.max_parallel


@dataclass(frozen=True)
class Limits:
    """Of one account in one region. What the caller may not read is None, or not there."""

    concurrent: int | None
    unreserved: int | None
    quotas: Mapping[Asked, float] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    """Services whose quotas could not be read, and why."""


@dataclass(frozen=True)
class Finding:
    """One line of the report. What is `refused` tells its fix in the same sentence."""

    what: str
    allows: str
    wants: str
    state: State
    says: str = ""
    source: str = ""


def allowed(concurrency: int, wanted_parallel: int) -> tuple[int, int]:
    """(max_active_jobs, max_parallel) whose product fits beside the other functions."""
    room = max(1, concurrency - HEADROOM)
    parallel = min(wanted_parallel, room)
    return room // parallel, parallel


def judge(settings: Settings, limits: Limits) -> Iterator[Finding]:
    """Every quota that matters, the narrowest first."""
    yield _concurrency(settings, limits)
    yield from _reserved(settings, limits)
    yield from _memory(settings, limits)
    width, jobs = settings.width, settings.max_active_jobs
    yield _rate(KEYS, limits, width * _KEY_REQUESTS / _CHUNK_S)
    yield _map_runs(limits, jobs)
    yield _rate(TRANSITIONS, limits, width * _TRANSITIONS / _CHUNK_S)
    yield _rate(STARTS, limits, None)
    yield _rate(MESSAGES, limits, None)


def _concurrency(settings: Settings, limits: Limits) -> Finding:
    what = "Lambda: functions at once"
    wants = f"{settings.max_active_jobs} jobs × {settings.max_parallel} chunks = {settings.width:,}"
    room = limits.unreserved if limits.unreserved is not None else limits.concurrent
    if room is None:
        why = limits.unread.get("lambda", "")
        return Finding(what, "not read", wants, "unread", why, CONCURRENCY_SOURCE)
    allows = f"{room:,}" if room == limits.concurrent else f"{room:,} of {limits.concurrent:,}"
    jobs, parallel = allowed(room, settings.max_parallel)
    fits = f"max_active_jobs × max_parallel may be {jobs * parallel:,}"
    fix = f'`make deploy CDK_ARGS="-c max_active_jobs={jobs} -c max_parallel={parallel}"`'
    state: State = "ok"
    says = f"leaves {room - settings.width:,} for other functions"
    if room < LEAST:
        state = "refused"
        says = f"nothing runs with less than {LEAST}; have it raised: `{_RAISE}`"
    elif settings.is_express and settings.width > room - HEADROOM:
        state = "refused"
        says = (
            "chunks that wait for room longer than five minutes fail, because chunk_timeout_s is "
            f"at most 135; {fits}: {fix}, or set chunk_timeout_s above that"
        )
    elif settings.width > room - HEADROOM:
        state = "narrower"
        rivals = (
            ", and messages that come meanwhile may end in the dead-letter queue"
            if settings.width > MOST_OVERSOLD * room
            else ""
        )
        says = f"{fits}, and chunks above it wait for room{rivals}; to avoid it: {fix}"
    return Finding(what, allows, wants, state, says, CONCURRENCY_SOURCE)


def _reserved(settings: Settings, limits: Limits) -> Iterator[Finding]:
    """AWS refuses reservations that leave less than 100, so a new account can't have any."""
    what, source = "Lambda: reserved", f"{_DOCS}/lambda/latest/dg/configuration-concurrency.html"
    total = sum(settings.reserves.values())
    stopped = sorted(name for name, count in settings.reserves.items() if count == 0)
    if stopped:
        says = f"{stopped[0]} may never run; `aws lambda delete-function-concurrency` frees it"
        yield Finding(what, "1 or more", "0", "refused", says, source)
    if settings.is_deployed or limits.unreserved is None or not total:
        return
    can = max(0, limits.unreserved - LEAST_UNRESERVED)
    if total > can:
        says = f"the deploy would fail, as {LEAST_UNRESERVED} must stay unreserved; reserve less"
        yield Finding(what, f"{can:,}", f"{total:,}", "refused", says, source)


def _memory(settings: Settings, limits: Limits) -> Iterator[Finding]:
    if settings.memory_mb <= NEW_ACCOUNT_MEMORY_MB or (limits.concurrent or 1000) >= 1000:  # noqa: PLR2004 - the default quota
        return
    says = f"new accounts may be held to {NEW_ACCOUNT_MEMORY_MB:,} MB a function until raised"
    wants = f"{settings.memory_mb:,} MB"
    yield Finding("Lambda: memory", "not told", wants, "narrower", says, CONCURRENCY_SOURCE)


def _map_runs(limits: Limits, jobs: int) -> Finding:
    limit = limits.quotas.get(MAP_RUNS)
    if limit is None:
        return _rate(MAP_RUNS, limits, jobs)
    is_enough = jobs <= limit
    says = "" if is_enough else f"jobs above it fail; deploy with max_active_jobs={limit:.0f}"
    state: State = "ok" if is_enough else "refused"
    return Finding(MAP_RUNS.says, f"{limit:,.0f}", f"{jobs:,}", state, says, MAP_RUNS.source)


def _rate(asked: Asked, limits: Limits, wanted: float | None) -> Finding:
    """What is above it is slowed down and tried again; nothing fails, unless nothing is let by."""
    wants = "by your producers" if wanted is None else f"about {wanted:,.0f}"
    limit = limits.quotas.get(asked)
    if limit is None:
        why = limits.unread.get(asked.service, "this region's Service Quotas does not list it")
        return Finding(asked.says, "not read", wants, "unread", why, asked.source)
    if limit <= 0:
        says = f"no call is let by; have it raised in Service Quotas ({asked.service})"
        return Finding(asked.says, "0", wants, "refused", says, asked.source)
    is_enough = wanted is None or wanted <= limit
    says = "" if is_enough else "calls above it are slowed down; have it raised"
    state: State = "ok" if is_enough else "narrower"
    return Finding(asked.says, f"{limit:,.0f}", wants, state, says, asked.source)
