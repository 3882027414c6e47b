"""Each grant of each function taken away in turn: something must fail (`make test-iam`)."""

import time

import pytest

from tests.integration.permissions.grants import granted, without
from tests.integration.permissions.kept import reason
from tests.integration.permissions.scenarios import SCENARIOS, fails
from tests.integration.permissions.world import World

pytestmark = [pytest.mark.embedded_only, pytest.mark.timeout(900)]


@pytest.mark.parametrize("folder", SCENARIOS)
def test_every_grant_of_a_function_is_needed(world: World, folder: str) -> None:
    mine = [grant for grant in granted(world.stack) if grant.folder == folder]
    asked = [grant for grant in mine if reason(grant) is None]
    begun = time.monotonic()
    assert fails(world, folder) is None
    world.patience_s = 4 + 2 * (time.monotonic() - begun)
    idle = []
    for grant in asked:
        with without(world.stack, grant):
            said = fails(world, folder)
        print(f"  {grant.name}: {said[:90] if said else 'NOTHING FAILS'}")  # noqa: T201 - what `make test-iam` shows
        if said is None:
            idle.append(grant.name)
    world.patience_s = World.patience_s
    assert fails(world, folder) is None
    print(f"{folder}: {len(mine)} grants, {len(asked) - len(idle)} proven")  # noqa: T201
    assert idle == []
