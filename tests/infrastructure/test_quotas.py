"""What a stack takes from its account's quotas, and that `reelwright doctor` reads it right."""

import pytest

from infrastructure.stage import Stage
from reelwright.quotas import Settings
from reelwright.quotas_read import settings_in, settings_to_deploy
from tests.infrastructure.synthesis import Synthesis


@pytest.mark.parametrize("which", ["stack", "own", "given"])
def test_nothing_is_reserved_so_that_new_accounts_take_it(
    which: str, request: pytest.FixtureRequest
) -> None:
    """AWS keeps 100 functions unreserved; an account with 10 could reserve none."""
    stage: Synthesis = request.getfixturevalue(which)
    functions = stage.of_type("AWS::Lambda::Function")

    assert len(functions) > 10
    for function in functions.values():
        assert "ReservedConcurrentExecutions" not in function["Properties"]
    for version in stage.of_type("AWS::Lambda::Version").values():
        assert "ProvisionedConcurrencyConfig" not in version["Properties"]


def test_settings_are_read_from_the_template_as_they_were_given(stack: Synthesis) -> None:
    default = Stage()

    found = settings_in(stack.template["Resources"], {}, "Reelwright")

    memory_mb = max(value for name, value in default if name.endswith("_memory_mb"))
    assert found == Settings(
        default.max_active_jobs, default.max_parallel, is_express=False, memory_mb=memory_mb
    )
    to_come = settings_to_deploy([])
    assert (to_come.width, to_come.memory_mb) == (found.width, found.memory_mb)
    assert not to_come.is_deployed
