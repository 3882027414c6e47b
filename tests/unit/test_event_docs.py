"""docs/events.md says what the code does."""

import json
import re
from pathlib import Path
from typing import Any

from functions.announce_job.letters import MOST_BYTES
from functions.deliver_webhook.post import TIMEOUT_S
from functions.deliver_webhook.schedule import DELAYS_S
from functions.deliver_webhook.signing import BOTH_FOR
from functions.shared.job import parse_input
from functions.shared.job_event import KINDS, WebhookBody, detail_type, webhook_type

TEXT = (Path(__file__).parents[2] / "docs" / "events.md").read_text()


def blocks() -> list[str]:
    return re.findall(r"```json\n(.*?)```", TEXT, flags=re.DOTALL)


def test_every_kind_of_change_is_listed() -> None:
    for status, kind in KINDS.items():
        assert f"| {status} | {detail_type(kind)} | `{webhook_type(kind)}` |" in TEXT


def test_the_example_is_a_webhook_with_every_field() -> None:
    example: dict[str, Any] = json.loads(blocks()[0])
    body = WebhookBody.model_validate(example)
    assert set(example["data"]) == set(type(body.data).model_fields)
    for shown, model in zip(
        (*example["data"]["outputs"], *example["data"]["snapshots"]),
        (*body.data.outputs, *body.data.snapshots),
        strict=True,
    ):
        assert set(shown) == set(type(model).model_fields) - {"url"}


def test_the_request_of_the_example_is_one() -> None:
    notify = json.loads("{" + blocks()[2] + "}")
    request = {"source": "s3://bucket/key", "snapshots": {"count": 1}, **notify}
    assert parse_input(request).notify is not None


def test_numbers_are_those_of_the_code() -> None:
    assert DELAYS_S == (5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 6 * 3600, 6 * 3600)
    assert "after 5 s, 30 s, 2 min, 10 min, 1 h, 3 h and three times 6 h" in TEXT
    assert f"at most {MOST_BYTES:,} bytes" in TEXT
    assert (TIMEOUT_S, BOTH_FOR.days) == (10, 7)
    assert "no answer in ten seconds" in TEXT
    assert "for a week" in TEXT
