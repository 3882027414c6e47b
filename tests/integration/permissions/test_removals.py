"""A few grants taken away: what a function then can't do, fails (all: `make test-iam`)."""

import pytest

from tests.integration.permissions.grants import granted, without
from tests.integration.permissions.kept import KEPT, reason
from tests.integration.permissions.scenarios import SCENARIOS, fails
from tests.integration.permissions.world import World

pytestmark = pytest.mark.embedded_only


@pytest.mark.aws("iam")
@pytest.mark.parametrize("folder", ["register_job", "claim_job"])
def test_without_any_of_its_grants_a_function_fails(world: World, folder: str) -> None:
    mine = [one for one in granted(world.stack) if one.folder == folder and reason(one) is None]
    assert len(mine) >= 6
    assert fails(world, folder) is None
    for grant in mine:
        with without(world.stack, grant):
            said = fails(world, folder)
        assert said is not None, grant.name
        assert "AccessDenied" in said
    assert fails(world, folder) is None


def test_every_function_has_its_scenario_and_every_reason_a_grant(world: World) -> None:
    grants = granted(world.stack)
    assert {grant.folder for grant in grants} == set(SCENARIOS)
    used = {why for grant in grants if (why := reason(grant))}
    assert used == set(KEPT.values())
