"""For each function what it does, so that every action of its role is used where it must be."""

import traceback
from collections.abc import Callable

from tests.integration.permissions import at_desks, at_media, calling, telling
from tests.integration.permissions.world import World

SCENARIOS: dict[str, Callable[[World], None]] = {
    made.__name__: made
    for made in (
        at_desks.register_job,
        at_desks.claim_job,
        at_desks.request_turn,
        at_desks.finish_job,
        at_desks.cancel_job,
        at_desks.reconcile_jobs,
        at_media.plan_render,
        at_media.render_chunk,
        at_media.render_audio,
        at_media.take_snapshots,
        at_media.assemble_render,
        at_media.resize_snapshot,
        telling.announce_job,
        telling.deliver_webhook,
        telling.take_live_snapshots,
        calling.handle_api,
    )
}


def fails(world: World, folder: str) -> str | None:
    """Where the function does not do all it should; None where it does."""
    world.clear()
    try:
        SCENARIOS[folder](world)
    except AssertionError as error:
        return _first_line(error)
    except BaseException as error:
        # pytest.fail's own, from waiting in vain, is no Exception.
        if type(error).__name__ != "Failed":
            raise
        return _first_line(error)
    return None


def _first_line(error: BaseException) -> str:
    """Of what it says, or else of what was asserted."""
    asserted = traceback.extract_tb(error.__traceback__)[-1].line or type(error).__name__
    return (str(error).splitlines() or [asserted])[0][:300]
