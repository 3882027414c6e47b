"""Requests drawn by chance: every part of a job beside every other."""

from typing import Any

from hypothesis import strategies as st

from tests.media.any.drawing import Drawn, maybe, percent, seconds
from tests.media.any.edits import EDITS
from tests.media.any.outputs import RENDERS

_RANDOM = st.fixed_dictionaries({"count": st.integers(1, 6), "seed": st.integers(0, 9)})


@st.composite
def _snapshots(draw: st.DrawFn) -> dict[str, Any]:
    scenes = maybe(most=st.integers(1, 9), threshold=percent(1, 20), min_gap_s=seconds(2))
    ways: tuple[Drawn, ...] = (
        st.fixed_dictionaries({"count": st.integers(1, 12)}),
        st.fixed_dictionaries({"every_s": seconds(3, 0.2)}),
        st.fixed_dictionaries({"at_s": st.lists(seconds(3), min_size=1, max_size=4)}),
        st.fixed_dictionaries({"at_percent": st.lists(percent(0, 100), min_size=1, max_size=4)}),
        st.fixed_dictionaries({"random": _RANDOM}),
        st.fixed_dictionaries({"scenes": scenes}),
    )
    sprite = st.one_of(
        st.fixed_dictionaries({"every_s": seconds(2, 0.1)}),
        st.fixed_dictionaries({"count": st.integers(1, 30)}),
    ).flatmap(
        lambda way: maybe(
            width=st.integers(16, 200), columns=st.integers(1, 6), rows=st.integers(1, 6)
        ).map(lambda more: way | more)
    )
    sheet = maybe(
        columns=st.integers(1, 5),
        rows=st.integers(1, 4),
        width=st.integers(64, 200),
        times=st.booleans(),
    )
    sheets = draw(
        maybe(sprite=sprite, contact_sheet=sheet, poster=maybe(best_of=st.integers(1, 6)))
    )
    alone = bool(sheets) and draw(st.booleans())
    way: dict[str, Any] = {} if alone else draw(st.one_of(ways))
    format_ = draw(st.sampled_from(("jpeg", "png", "webp", "avif")))
    how: dict[str, Any] = {"format": format_} | draw(
        maybe(
            accuracy=st.sampled_from(("frame", "keyframe")),
            widths=st.lists(st.integers(16, 400), min_size=1, max_size=2),
            blurhash=st.booleans(),
        )
    )
    if format_ == "webp" and draw(st.booleans()):
        how["lossless"] = True
    elif format_ != "png" and draw(st.booleans()):
        how["quality"] = draw(st.integers(1, 100))
    return sheets | way | how


REQUESTS = st.builds(
    lambda edit, rest, chunk_s: {**({"edit": edit} if edit else {}), **rest, "chunk_s": chunk_s},
    EDITS,
    st.one_of(
        st.fixed_dictionaries({"render": RENDERS}),
        st.fixed_dictionaries({"render": RENDERS, "snapshots": _snapshots()}),
        st.fixed_dictionaries({"snapshots": _snapshots()}),
    ),
    st.sampled_from((1, 1, 1.3, 2)),
)
"""As a job's body, without its source."""
