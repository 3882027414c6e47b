"""What the jobs of a run cost, at AWS's list prices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from functions.shared import prices
from functions.shared.cost import Buying, cost_of
from functions.shared.media_store import MediaStore
from functions.shared.receipts import receipts_of

_NOT_IN_IT = (
    "Not in it: calls of the API and of queues that made no job, sign-ins, logs kept, and what the "
    "stack costs anyway."
)


@dataclass
class Costs:
    """Summed over jobs. `by_item`: USD by what it was paid for."""

    jobs: int = 0
    by_item: dict[str, Decimal] = field(default_factory=dict)
    unknown: int = 0
    """Jobs some of whose receipts could not be read."""

    def add(self, row: Mapping[str, Any], store: MediaStore, buying: Buying) -> None:
        """As its row tells it, else by the receipts there are. A job that was refused has neither,
        and cost its message and a row."""
        self.jobs += 1
        told: Mapping[str, Decimal] = row.get("cost", {}).get("items", {})
        if not told:
            receipts, is_whole = receipts_of(store, str(row["job_id"]))
            self.unknown += not is_whole
            told = dict(cost_of(receipts, buying).items)
        for item, usd in told.items():
            self.by_item[item] = self.by_item.get(item, Decimal(0)) + Decimal(usd)

    @property
    def usd(self) -> Decimal:
        return sum(self.by_item.values(), Decimal(0))

    def lines(self) -> Iterator[str]:
        """The bill."""
        yield (
            f"{self.jobs} jobs cost {self.usd:.4f} USD at list prices of {prices.REGION}, "
            f"{prices.PRICES_OF}:"
        )
        for item, usd in sorted(self.by_item.items(), key=lambda one: -one[1]):
            yield f"  {item.replace('_', ' '):20} {usd:.6f}"
        if self.unknown:
            yield f"Of {self.unknown} jobs not all receipts could be read: they cost more."
        yield _NOT_IN_IT
