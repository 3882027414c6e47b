"""How long a chunk is where the request does not say. Pure.

Figures are from MEDIA.md, against a render in one piece; docs/decisions/0013-chunk-length.md has
those of this pipeline.

- 10 s, two GOPs of 5 s: +0.5 % size, 0.07 VMAF less and +6 % CPU at preset medium. At veryfast it
  is +1.1 % and +16 %, and 5 s would be +3.3 % and +26 % (medium +2.1 % and +14 %).
- 5 s for up to 30 s where more functions may run than chunks of 10 s would need: the wait is a
  chunk's time, so it is halved, at the price of five seams at most. A clip of 10 s would else be
  one chunk, which a function of one CPU encodes alone.
- 20 s for sources over 20 minutes, which have chunks enough to fill any ceiling, and for ultrafast
  to veryfast over 5 minutes, where a chunk's fixed cost weighs most: +0.7 % size and +7 % CPU.
- 5 s where a frame is so costly that 10 s might not be done in a function's time: more than
  1080p at 120 frames per second in H.264, all outputs together. Never under 5 s unless asked.
"""

from collections.abc import Collection
from fractions import Fraction

GOP_S = Fraction(5)
_USUAL_GOPS = 2
_LONG_GOPS = 4
_SHORT_S = 30
_LONG_S = 20 * 60
_LONG_IF_FAST_S = 5 * 60
_FAST_PRESETS = {"ultrafast", "superfast", "veryfast"}
_COSTLY_PIXELS_PER_S = 1920 * 1080 * 120


def usual_gops(
    length_s: Fraction,
    *,
    presets: Collection[str | None],
    cost_per_s: Fraction,
    width: int,
) -> int:
    """GOPs of a chunk. `cost_per_s` is that of H.264's pixels, all outputs together; `width` is how
    many chunks may render at once."""
    if cost_per_s > _COSTLY_PIXELS_PER_S:
        return 1
    if length_s <= _SHORT_S and width * _USUAL_GOPS * GOP_S > length_s:
        return 1
    fast = all(preset in _FAST_PRESETS for preset in presets)
    return _LONG_GOPS if length_s > (_LONG_IF_FAST_S if fast else _LONG_S) else _USUAL_GOPS
