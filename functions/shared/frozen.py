"""Base of the records that functions write for each other."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Immutable, unknown fields refused. Its validator is built on first use: records within
    records need none of their own, and no function uses them all."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
