"""Reelwright's Python client (docs/python-client.md): `from reelwright import Client`.

Its names are loaded when they are first used, so that the command line starts quickly.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functions.shared.job import JobRequest
    from functions.shared.job_view import JobSummary, JobView
    from functions.shared.request.notify import Notify
    from functions.shared.request.output import (
        AudioEncoding,
        OutputRequest,
        RenderRequest,
        VideoEncoding,
    )
    from functions.shared.request.snapshot import SnapshotRequest
    from reelwright.client import Client

__all__ = [
    "AudioEncoding",
    "Client",
    "JobRequest",
    "JobSummary",
    "JobView",
    "Notify",
    "OutputRequest",
    "RenderRequest",
    "SnapshotRequest",
    "VideoEncoding",
]
_ELSEWHERE = {
    "Client": "reelwright.client",
    "JobSummary": "functions.shared.job_view",
    "JobView": "functions.shared.job_view",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_ELSEWHERE.get(name, "functions.shared.job")), name)
