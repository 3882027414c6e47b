"""A line that embeds metrics is what CloudWatch takes for one."""

import io
import json
import uuid
from datetime import UTC, datetime

import pytest
from aws_lambda_powertools import Logger

from functions.shared.metrics import UNITS, embedded
from tests.metric_lines import metrics_in

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.aws("metrics")
def test_a_line_of_the_log_with_all_of_them_is_valid() -> None:
    said = io.StringIO()
    values = dict.fromkeys(UNITS, 1.5)
    told = embedded("Reelwright", NOW, values)
    Logger(service=uuid.uuid4().hex, stream=said).info("announced", job_id="a", **told)
    (line,) = said.getvalue().splitlines()
    assert metrics_in(json.loads(line), at_ms=NOW.timestamp() * 1000) == values


@pytest.mark.parametrize(("stack", "values"), [(None, {"Failed": 1}), ("Reelwright", {})])
def test_a_stage_without_metrics_and_a_line_without_values_embed_nothing(
    stack: str | None, values: dict[str, float]
) -> None:
    assert embedded(stack, NOW, values) == {}


def test_a_metric_nobody_declared_is_refused() -> None:
    with pytest.raises(KeyError):
        embedded("Reelwright", NOW, {"Faild": 1})
