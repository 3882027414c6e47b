"""The execution ends under its job's own error, unless it was redriven."""

import pytest

from functions.finish_job.ending import LastWord


@pytest.mark.parametrize("name", ["SourceNotMedia", "States.Timeout", "Lambda.Unknown"])
def test_the_last_word_is_the_jobs_own_error(name: str) -> None:
    said = {"error": name, "cause": '{"errorMessage": "The source is a text."}'}
    last = LastWord.model_validate({"job_id": "a", "failure": said, "redriven": False})
    with pytest.raises(Exception, match=r"^The source is a text\.$") as raised:
        last.speak()
    assert type(raised.value).__name__ == name


def test_a_redriven_execution_is_not_ended_again() -> None:
    LastWord.model_validate({"failure": {"error": "Any"}, "redriven": True}).speak()
