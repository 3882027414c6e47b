"""Reelwright's Python client (docs/python-client.md): `from reelwright import Client`.

Its names are loaded when they are first used, so that the command line starts quickly.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functions.shared.job import JobRequest
    from functions.shared.job_view import JobSummary, JobView
    from functions.shared.request.edit import Edit
    from functions.shared.request.encoding import VideoEncoding
    from functions.shared.request.notify import Notify
    from functions.shared.request.output import OutputRequest, RenderRequest
    from functions.shared.request.snapshot import SnapshotRequest
    from functions.shared.request.sound import AudioEncoding
    from reelwright.client import Client

__all__ = [
    "AudioEncoding",
    "Client",
    "Edit",
    "JobRequest",
    "JobSummary",
    "JobView",
    "Notify",
    "OutputRequest",
    "RenderRequest",
    "SnapshotRequest",
    "VideoEncoding",
]
_MODULES = {
    "AudioEncoding": "functions.shared.request.sound",
    "Client": "reelwright.client",
    "Edit": "functions.shared.request.edit",
    "JobRequest": "functions.shared.job",
    "JobSummary": "functions.shared.job_view",
    "JobView": "functions.shared.job_view",
    "Notify": "functions.shared.request.notify",
    "OutputRequest": "functions.shared.request.output",
    "RenderRequest": "functions.shared.request.output",
    "SnapshotRequest": "functions.shared.request.snapshot",
    "VideoEncoding": "functions.shared.request.encoding",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
