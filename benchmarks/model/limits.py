"""What the model takes from others than our own measurements: AWS's limits, and times on AWS.

Gathered in November 2026, for us-east-1. `assumed` marks what nobody publishes: the report says how
far the result moves with each of those.
"""

from dataclasses import dataclass, fields, replace

_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/"
_STATES = "https://docs.aws.amazon.com/step-functions/latest/dg/"
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
_LATENCIES = "https://bitesizedserverless.com/bite/serverless-messaging-latency-compared/ (2022)"


@dataclass(frozen=True)
class Given:
    """One number with its unit and where it is from."""

    value: float
    unit: str
    source: str


@dataclass(frozen=True)
class Limits:
    """One field a number."""

    mb_per_vcpu: Given = Given(1769, "MB", f"{_LAMBDA}configuration-memory.html")
    most_vcpus: Given = Given(6, "vCPU", f"{_LAMBDA}configuration-memory.html")
    account_concurrency: Given = Given(
        1000, "functions at once, unless the quota is raised", f"{_LAMBDA}lambda-concurrency.html"
    )
    scale_up_burst: Given = Given(1000, "new environments", f"{_LAMBDA}scaling-behavior.html")
    scale_up_per_s: Given = Given(
        100, "new environments a second and function", f"{_LAMBDA}scaling-behavior.html"
    )
    standard_children_per_s: Given = Given(
        100, "child executions started a second", f"{_STATES}service-quotas.html, by report"
    )
    express_children_per_s: Given = Given(
        1000, "child executions started a second", f"{_STATES}service-quotas.html, by report"
    )
    map_run_s: Given = Given(
        6.0,
        "s from the last child's end to the Map's",
        "a user's measurement: https://repost.aws/questions/QUn5oKgcnjRTemt39V9hdtyw/",
    )
    state_s: Given = Given(0.1, "s to enter a Task and call its function", _LATENCIES)
    queue_s: Given = Given(0.1, "s from SendMessage to the pipe's call", "assumed; " + _LATENCIES)
    environment_s: Given = Given(0.3, "s to make an execution environment", "assumed")
    mount_mb_per_s: Given = Given(200, "MB of code and layers a second, when cold", "assumed")
    network_mb_per_s: Given = Given(
        75,
        "MB/s of one function, both ways together",
        "600 Mbit/s; 400 to 700 were measured by T. Wagner, 'Using AWS Step Functions and Lambda"
        " for Fanout'",
    )
    s3_request_s: Given = Given(
        0.04,
        "s to the first byte",
        "'tens of milliseconds': https://docs.aws.amazon.com/whitepapers/latest/"
        "s3-optimizing-performance-best-practices/"
        "timeouts-and-retries-for-latency-sensitive-applications.html",
    )
    s3_gets_per_s: Given = Given(5500, "a second and prefix", f"{_S3}optimizing-performance.html")
    dynamodb_request_s: Given = Given(0.01, "s", "assumed: single-digit milliseconds")
    vcpu_speed: Given = Given(
        1.0, "of a core of the machine that calibrated, all its cores busy", "assumed"
    )

    def rows(self) -> list[dict[str, object]]:
        return [{"name": each.name, **vars(getattr(self, each.name))} for each in fields(self)]


def vcpus(memory_mb: int, limits: Limits) -> float:
    """The share of processors that a function of this memory has."""
    return min(limits.most_vcpus.value, memory_mb / limits.mb_per_vcpu.value)


def with_value(limits: Limits, name: str, value: float) -> Limits:
    """The limits, one of them changed."""
    return replace(limits, **{name: replace(getattr(limits, name), value=value)})
