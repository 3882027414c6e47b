"""docs/job.md is what the request model says, and its example is a request."""

import re
from pathlib import Path

from functions.shared.job import parse_request
from reelwright.job_docs import document

PAGE = Path(__file__).resolve().parents[2] / "docs" / "job.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == document(), "run `make docs`"


def test_its_example_is_a_request() -> None:
    example = re.search(r"```json\n(.*?)```", document(), re.DOTALL)
    assert example is not None
    assert parse_request(example[1]).render is not None


def test_every_field_is_described() -> None:
    undescribed = [
        line for line in document().splitlines() if re.match(r"\| `\w+` \|.*\|  \|$", line)
    ]
    assert undescribed == []
