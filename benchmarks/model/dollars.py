"""What a modelled job costs by AWS's list prices."""

from benchmarks.model.aws import Usage
from functions.shared import prices

# Of the machinery around a render, as `make load` counted it (docs/costs.md).
_WRITES, _READS = 28.6, 15.0
_OTHER_TRANSITIONS = 6
"""Choices, the Parallel and the Map, besides the Tasks."""
_MESSAGES = 3
ARCHITECTURE: prices.Architecture = "arm64"


def dollars(usage: Usage) -> dict[str, float]:
    """US dollars by what they are paid for, without storage, logs and egress."""
    price = prices.LAMBDA_GB_SECOND[ARCHITECTURE]
    chunks = usage.gb_s.get("render_chunk", 0.0)
    others = sum(usage.gb_s.values()) - chunks
    steps = prices.TRANSITION.of(usage.transitions + _OTHER_TRANSITIONS)
    steps += prices.EXPRESS_REQUEST.of(usage.express)
    steps += prices.EXPRESS_GB_SECOND.of(usage.express_gb_s)
    records = prices.DYNAMODB_WRITE.of(_WRITES) + prices.DYNAMODB_READ.of(_READS + usage.db_reads)
    sums = {
        "render_chunk": price.of(chunks),
        "other functions": price.of(others)
        + prices.LAMBDA_REQUEST.of(usage.calls)
        + prices.LAMBDA_STORAGE_GB_SECOND.of(usage.storage_gb_s),
        "Step Functions": steps,
        "S3 requests": prices.S3_GET.of(usage.gets) + prices.S3_PUT.of(usage.puts),
        "queue, pipe, records": records
        + prices.SQS_FIFO_REQUEST.of(_MESSAGES)
        + prices.PIPE_REQUEST.of(1),
    }
    return {name: float(sum_) for name, sum_ in sums.items()}
