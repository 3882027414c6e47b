"""The sound's filters: onto the job's clock, clip by clip, as long as its pictures."""

from functions.shared.plan import Plan

_SOUND_OFF_S = 0.02
"""How far sound may be from its timestamps before silence is put in or samples are dropped: under
one lost AAC packet (21 ms), over the jitter of recorders (docs/decisions/0007-sound-gaps.md)."""


def audio_filters(plan: Plan) -> str:
    """The whole track on the job's clock: silence before a late start, gaps filled."""
    zero_s = plan.clock.zero_s
    return (
        f"asetpts=PTS-round({zero_s.numerator}/{zero_s.denominator}/TB),"
        f"aresample=async=1:first_pts=0:min_hard_comp={_SOUND_OFF_S}"
    )
