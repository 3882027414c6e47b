"""What the calls of a job's workers used, kept as empty objects whose keys say it.

One request lists a thousand of them, none is read, and no two calls write to the same place
(docs/decisions/0014-cost.md).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Self

from functions.shared.media_store import Keys, MediaStore
from functions.shared.meter import Used
from functions.shared.prices import Architecture

MOST_RECEIPTS = 20_000
"""Read of one job: twenty requests. A longer list is cut, and its reader is told."""
_ARCHITECTURES: dict[str, Architecture] = {"arm64": "arm64", "x86_64": "x86_64"}


@dataclass(frozen=True)
class Receipt:
    """One call of one function."""

    function: str
    """Its folder."""
    architecture: Architecture
    billed_ms: int
    memory_mb: int
    storage_mb: int
    """Of /tmp."""
    used: Used

    def key(self, job_id: str, request_id: str) -> str:
        """`…/receipts/render_chunk/{request}/arm64!billed_ms-1234!memory_mb-3008!…`."""
        numbers = {
            "billed_ms": self.billed_ms,
            "memory_mb": self.memory_mb,
            "storage_mb": self.storage_mb,
            **asdict(self.used),
        }
        facts = "!".join(f"{name}-{number}" for name, number in numbers.items())
        folder = f"{Keys(job_id).receipts}{self.function}/{request_id}"
        return f"{folder}/{self.architecture}!{facts}"

    @classmethod
    def from_key(cls, key: str) -> Self:
        function, _, said = key.partition("/receipts/")[2].split("/")
        architecture, *facts = said.split("!")
        numbers = dict(fact.split("-") for fact in facts)
        return cls(
            function=function,
            architecture=_ARCHITECTURES[architecture],
            billed_ms=int(numbers["billed_ms"]),
            memory_mb=int(numbers["memory_mb"]),
            storage_mb=int(numbers["storage_mb"]),
            used=Used(
                s3_puts=int(numbers["s3_puts"]),
                s3_gets=int(numbers["s3_gets"]),
                s3_addresses=int(numbers["s3_addresses"]),
                stored_bytes=int(numbers["stored_bytes"]),
                write_units=float(numbers["write_units"]),
                read_units=float(numbers["read_units"]),
            ),
        )


def leave(store: MediaStore, job_id: str, request_id: str, receipt: Receipt) -> None:
    """Keep what one call used."""
    store.write(receipt.key(job_id, request_id), b"", "text/plain")


def receipts_of(store: MediaStore, job_id: str) -> tuple[list[Receipt], bool]:
    """(what is there of all attempts, whether that is all of it)."""
    found: list[Receipt] = []
    is_whole = True
    for number, key in enumerate(_keys(store, job_id)):
        if number == MOST_RECEIPTS:
            return found, False
        try:
            found.append(Receipt.from_key(key))
        except (KeyError, ValueError):  # left by another version of the stack
            is_whole = False
    return found, is_whole


def _keys(store: MediaStore, job_id: str) -> Iterator[str]:
    pages = store.s3.get_paginator("list_objects_v2").paginate(
        Bucket=store.bucket, Prefix=Keys(job_id).receipts
    )
    for page in pages:
        yield from (one["Key"] for one in page.get("Contents", []))
