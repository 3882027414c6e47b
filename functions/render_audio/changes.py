"""The filters of the sound's edit, on the timeline. All lengths are counted in samples."""

from collections.abc import Iterator
from fractions import Fraction

from functions.render_audio.filters import COUNTED, SOME, on_clock, timeline_graph
from functions.shared.plan import Audio, Mix, OtherSound, Plan, SoundChange

_DUCK = "sidechaincompress=threshold=0.03:ratio=6:attack=50:release=600"
"""By about 12 dB while the other is loud; back within a breath."""


def sound_graph(plan: Plan, audio: Audio) -> str:
    """From ffmpeg's inputs to the edited sound but for its loudness; its last chain is open."""
    change = audio.change
    if change is None:
        return timeline_graph(plan, audio)
    samples = round(plan.video.total_frames / plan.video.rate * audio.sample_rate_hz)
    cut = f"atrim=end_sample={samples}"
    own = ",".join((_base(plan, audio), *_laid(change, audio), SOME, cut))
    if change.mix is not None:
        own = _mixed(plan, audio, change.mix, own, samples)
    return ",".join((own, *_fades(change)))


def own_inputs(plan: Plan, audio: Audio) -> int:
    """How many of ffmpeg's inputs are the source."""
    return 0 if audio.stream_index is None else max(1, len(plan.clips))


def _base(plan: Plan, audio: Audio) -> str:
    if audio.replaced is not None:
        return _other(0, audio.replaced, audio)
    if audio.stream_index is not None:
        return timeline_graph(plan, audio)
    return f"anullsrc=r={audio.sample_rate_hz}:cl=stereo"


def _other(number: int, sound: OtherSound, audio: Audio) -> str:
    return f"[{number}:{sound.stream_index}]{on_clock(sound.start_s, audio.sample_rate_hz)}"


def _laid(change: SoundChange, audio: Audio) -> Iterator[str]:
    yield from _shifted(change.offset_s, audio)
    if change.volume_db:
        yield f"volume={change.volume_db}dB"


def _shifted(offset_s: Fraction, audio: Audio) -> Iterator[str]:
    samples = round(offset_s * audio.sample_rate_hz)
    if samples > 0:
        yield f"adelay=delays={samples}S:all=1"
    elif samples < 0:
        yield f"atrim=start_sample={-samples},{COUNTED}"


def _mixed(plan: Plan, audio: Audio, mix: Mix, own: str, samples: int) -> str:
    """Both at their own volume. Floats hold a sum over full scale; loudness can bring it down."""
    number = own_inputs(plan, audio) + (audio.replaced is not None)
    layout = f"aformat=channel_layouts={mix.layout}"
    whole = f"apad=whole_len={samples},atrim=end_sample={samples}"
    # What is looped has timestamps of its own making: it is counted.
    beside = [
        f"[{number}:{mix.sound.stream_index}]{COUNTED},aresample={audio.sample_rate_hz}:osf=flt"
        if mix.loop
        else _other(number, mix.sound, audio),
        layout,
        *([f"volume={mix.volume_db}dB"] if mix.volume_db else []),
        *_shifted(mix.from_s, audio),
        whole,
    ]
    first, second = f"{own},{layout},{whole}", ",".join(beside)
    if not mix.duck:
        return f"{first}[own];{second}[beside];[own][beside]{_SUM}"
    return (
        f"{first},asplit=2[own][key];{second}[loud];[loud][key]{_DUCK}[beside];[own][beside]{_SUM}"
    )


_SUM = "amix=inputs=2:normalize=0:duration=first"


def _fades(change: SoundChange) -> Iterator[str]:
    if change.fade_in_s:
        yield f"afade=t=in:st=0:d={float(change.fade_in_s):.6f}"
    if change.fade_out_s:
        start_s, length_s = float(change.fade_out_from_s), float(change.fade_out_s)
        yield f"afade=t=out:st={start_s:.6f}:d={length_s:.6f}"
