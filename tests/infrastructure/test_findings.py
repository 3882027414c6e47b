"""The rules of others: cdk-nag's AwsSolutions and cfn-lint."""

import json
from pathlib import Path

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import lint_file
from cfnlint.config import ManualArgs

from tests.infrastructure.conftest import Synthesize
from tests.infrastructure.synthesis import Synthesis

ROOT = Path(__file__).resolve().parents[2]
CDK_MAKES_IT = "W3005"
"""A function that depends on its role by name and by reference; see .cfnlintrc."""


@pytest.mark.parametrize(
    "context",
    [
        {"architecture": "arm64"},
        {"architecture": "x86_64"},
        {"architecture": "arm64", "source_buckets": "footage"},
    ],
    ids=["arm64", "x86_64", "source buckets"],
)
def test_nothing_is_found_that_was_not_accepted_where_it_is(
    synthesize: Synthesize, context: dict[str, str]
) -> None:
    report = synthesize(checked=True, **context).folder / "validation-report.json"
    (nag,) = json.loads(report.read_text())["pluginReports"]

    assert (nag["pluginName"], nag["conclusion"], nag["violations"]) == (
        "AwsSolutions",
        "success",
        [],
    )
    for accepted in nag["suppressedViolations"]:
        assert len(accepted["reason"]) > 20
        for found in accepted["violatingConstructs"]:
            # Accepted on the construct whose one resource it is.
            beyond = found["constructPath"].removeprefix(accepted["acknowledgedAt"])
            assert beyond in ("", "/Resource")


def test_the_check_can_fail(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    sqs.Queue(Stack(app, "Careless"), "Open")
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))

    with pytest.raises(RuntimeError, match="ValidationFailed: ERROR The SQS queue is not used"):
        app.synth()


def test_the_template_is_clean_to_cfn_lint(either: Synthesis) -> None:
    found = lint_file(either.template_path, config=ManualArgs(ignore_checks=[CDK_MAKES_IT]))

    assert [str(match) for match in found] == []


def test_the_template_can_be_deployed_in_one_piece(either: Synthesis) -> None:
    assert either.template_path.stat().st_size < 1_000_000
