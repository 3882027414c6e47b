"""One item of the Map: a chunk of the outputs that are cut, or a picture made in one piece."""

from functions.render_chunk.render import render_chunk
from functions.render_chunk.whole import render_whole
from functions.shared.parts import Deadline, Store
from functions.shared.plan import Chunk


def render_item(store: Store, job_id: str, item: Chunk, *, remaining_s: float) -> int:
    """The number of frames made. Raises what `render_chunk` and `render_whole` raise."""
    plan = store.read_plan(job_id)
    picture = plan.whole_picture(item)
    if picture is None:
        return render_chunk(store, job_id, item, remaining_s=remaining_s)
    return render_whole(store, plan, picture, Deadline(remaining_s))
