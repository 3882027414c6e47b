"""What is told of a job's cost: in result.json, in its record, by the API, in events.

Decimals, so that sums are exact; in JSON they are numbers of up to eight places.
"""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, WithJsonSchema

from functions.shared.frozen import Frozen

Usd = Annotated[
    Decimal,
    PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number", "minimum": 0}),
]


class Items(Frozen):
    """US dollars by what was bought."""

    lambda_compute: Usd = Field(description="Memory by time of all calls, and /tmp above 512 MB.")
    lambda_requests: Usd
    state_transitions: Usd = Field(description="And Express executions, where chunks are such.")
    s3_requests: Usd
    s3_parts: Usd = Field(description="Storage of what the workers made, until it expires.")
    dynamodb: Usd
    messages: Usd = Field(description="SQS, EventBridge Pipes and EventBridge.")
    logs_and_keys: Usd = Field(description="CloudWatch Logs, X-Ray and KMS: estimated.")


class Cost(Frozen):
    """At list prices, without free tiers and discounts; all attempts of the job together."""

    usd: Usd = Field(description="The sum of the items.")
    items: Items
    storage_usd_per_month: Usd = Field(description="Of the files made, as long as they are kept.")
    prices_of: str = Field(description="The day of the price list.")
    region: str = Field(description="Whose prices they are.")
    note: str | None = Field(default=None, description="What is not in it, where something isn't.")

    def as_item(self) -> dict[str, Any]:
        """As DynamoDB keeps it."""
        return self.model_dump(exclude_none=True)
