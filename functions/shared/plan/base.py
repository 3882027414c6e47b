"""Base of the plan's records."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Base of the plan's records: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
