"""What requests and answers look like, for the OpenAPI document. Tests hold them to the models."""

from typing import Any

_OWNER = "6c1d9d7e-6b1f-4a0c-9c39-5c0a4b9a4b11"
_JOB_ID = "9a3cd0199c76472d82a5e4167c96cbdb"
_SUMMARY = {
    "job_id": _JOB_ID,
    "status": "RUNNING",
    "order_key": "customer-42",
    "priority": 0,
    "created_at": "2026-11-21T12:00:00Z",
    "started_at": "2026-11-21T12:00:02Z",
    "finished_at": None,
    "error": None,
    "cost_usd": None,
}

REQUEST: dict[str, Any] = {
    "source": f"s3://media-bucket/uploads/{_OWNER}/0f8fad5bd9cb469fa16570867728950e/talk.mov",
    "order_key": "customer-42",
    "render": {"outputs": [{"name": "1080p", "height": 1080}, {"name": "360p", "height": 360}]},
    "snapshots": {"count": 5, "widths": [320, 1280]},
}
JOB: dict[str, Any] = {
    **_SUMMARY,
    "stage": "rendering",
    "progress": {
        "fraction": 0.495,
        "chunks_done": 24,
        "chunks_total": 48,
        "snapshots_done": 5,
        "snapshots_total": 10,
    },
    "eta_s": 41.5,
    "duration_s": 754.254,
    "claimed_at": "2026-11-21T12:00:01Z",
    "attempts": 1,
    "outputs": [],
    "snapshots": [],
    "notes": [],
    "execution_arn": "arn:aws:states:eu-west-1:123456789012:execution:Render:5f0c",
    "execution_url": (
        "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/"
        "details/arn:aws:states:eu-west-1:123456789012:execution:Render:5f0c"
    ),
    "cost": None,
    "metadata": {"title": "The talk"},
    "webhook_error": None,
}
JOBS: dict[str, Any] = {"jobs": [_SUMMARY], "cursor": None}
UPLOAD: dict[str, Any] = {
    "source": REQUEST["source"],
    "parts": [
        {
            "number": 1,
            "url": "https://media-bucket.s3.eu-west-1.amazonaws.com/uploads/…",
            "size_bytes": 73_400_320,
        }
    ],
    "upload_id": None,
    "complete_url": None,
    "expires_at": "2026-11-21T13:00:00Z",
}
PICTURE: dict[str, Any] = {
    "key": f"jobs/{_JOB_ID}/out/snapshots/resized/00003-1280-to-320.jpg",
    "width": 320,
    "height": 180,
    "size_bytes": 14_210,
    "url": "https://media-bucket.s3.eu-west-1.amazonaws.com/jobs/…",
}
