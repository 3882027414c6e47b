"""What the first published definition says to functions that keep books is understood.

Jobs that wait for days go on by the definition they were started with, but call these functions in
their newest code (docs/decisions/0017-versions.md). Add what later ones say; take nothing out.
"""

from typing import Any

import pytest
from pydantic import BaseModel

from functions.claim_job.claim import Claim
from functions.finish_job.ending import Ending, LastWord
from functions.request_turn.handler import TurnEvent

ARN = "arn:aws:states:eu-west-1:123456789012:execution:Render:5f0c"
FAILURE = {"state": "Render Media", "error": "FfmpegFailed", "cause": '{"errorMessage": "no"}'}
SAID: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (
        Claim,
        {
            "input": [{"job_id": "j1", "source": "s3://media/uploads/a.mov"}],
            "execution_arn": ARN,
            "execution_name": "5f0c",
            "redrives": 0,
        },
    ),
    (TurnEvent, {"job_id": "j1", "execution_arn": ARN, "token": "t"}),
    (
        Ending,
        {
            "job_id": "j1",
            "execution_arn": ARN,
            "status": "COMPLETE",
            "result_key": "jobs/j1/result.json",
        },
    ),
    (
        Ending,
        {
            "job_id": None,
            "execution_arn": ARN,
            "execution_name": "5f0c",
            "input": {"job_id": "j1"},
            "status": "FAILED",
            "redrives": 0,
            "failure": FAILURE,
        },
    ),
    (LastWord, {"failure": FAILURE, "redriven": False}),
]


@pytest.mark.parametrize(("model", "said"), SAID)
def test_what_the_first_definition_says_is_read_whole(
    model: type[BaseModel], said: dict[str, Any]
) -> None:
    read = model.model_validate(said).model_dump(exclude_unset=True)
    assert read.keys() == said.keys()
