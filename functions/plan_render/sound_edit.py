"""The sound's edit: what a request asks, in times of the timeline, with the sounds it names."""

from collections.abc import Mapping
from fractions import Fraction

from functions.plan_render.assets.bring_in import Brought
from functions.plan_render.source.facts import AudioFacts, Limits, Probe
from functions.plan_render.source.probing import probe_source
from functions.plan_render.timeline import exact
from functions.shared.errors import (
    AssetUnusable,
    ReelwrightError,
    RenderTimedOut,
    TransientError,
)
from functions.shared.ffmpeg import Input
from functions.shared.parts import Presigner
from functions.shared.plan import Loudness, Mix, OtherSound, SoundChange
from functions.shared.request.sound_edit import SoundEdit

REPLACE = "edit.sound.replace"
MIX = "edit.sound.mix.source"
_USUAL_PEAK_DB = -1.0
_SURROUND = 6
_LONGEST_S = 60


def probe_sounds(
    brought: Brought, store: Presigner, limits: Limits, *, timeout_s: float
) -> Mapping[str, Probe]:
    """What the sounds are that a request names, by field. Raises AssetUnusable, RenderTimedOut,
    TransientError."""
    found = {}
    for field, asset in brought.assets.items():
        if asset.kind != "sound":
            continue
        name = f"s3://{asset.bucket}/{asset.key}"
        url = store.presigned(asset.key, bucket=asset.bucket)
        left_s = min(timeout_s, _LONGEST_S)
        try:
            probe = probe_source(Input(url, name), asset.size_bytes, limits, timeout_s=left_s)
        except (TransientError, RenderTimedOut):
            raise
        except ReelwrightError as error:
            raise AssetUnusable(f"{field}: {error}") from error
        if probe.uneven:
            raise AssetUnusable(
                f"{field}: {name} {probe.uneven}; send it as one even file, e.g. WAV."
            )
        if probe.audio is None:
            raise AssetUnusable(f"{field}: {name} has no sound that can be decoded.")
        found[field] = probe
    return found


def heard_facts(wanted: SoundEdit | None, probe: Probe, brought: Brought) -> AudioFacts | None:
    """Of what the job's sound is made: the source's, what replaces it, or what it is mixed with.

    A replacement begins with the timeline, whatever its own timestamps are.
    """
    if wanted is None:
        return probe.audio
    if wanted.replace is not None:
        return brought.sounds[REPLACE].audio
    return probe.audio or (brought.sounds[MIX].audio if wanted.mix else None)


def replaced_sound(wanted: SoundEdit | None, brought: Brought) -> OtherSound | None:
    return _other(REPLACE, brought) if wanted is not None and wanted.replace else None


def replaced_length_s(brought: Brought) -> Fraction | None:
    """None where it does not tell."""
    found = brought.sounds[REPLACE].audio
    return found.end_s - found.start_s if found and found.end_s is not None else None


def sound_change(
    wanted: SoundEdit | None, heard: AudioFacts, brought: Brought, length_s: Fraction
) -> SoundChange | None:
    """None where nothing is to be done. `length_s` is the timeline's."""
    if wanted is None or wanted == SoundEdit(replace=wanted.replace):
        return SoundChange() if wanted is not None and wanted.replace else None
    fade_out_s = min(exact(wanted.fade_out_s), length_s)
    peak_db = wanted.true_peak_db
    return SoundChange(
        offset_s=exact(wanted.offset_s),
        volume_db=wanted.volume_db,
        mix=_mix(wanted, heard, brought),
        fade_in_s=min(exact(wanted.fade_in_s), length_s),
        fade_out_from_s=length_s - fade_out_s,
        fade_out_s=fade_out_s,
        loudness=None
        if wanted.loudness_lufs is None
        else Loudness(
            lufs=wanted.loudness_lufs,
            true_peak_db=_USUAL_PEAK_DB if peak_db is None else peak_db,
        ),
    )


def _mix(wanted: SoundEdit, heard: AudioFacts, brought: Brought) -> Mix | None:
    asked = wanted.mix
    if asked is None:
        return None
    return Mix(
        sound=_other(MIX, brought),
        volume_db=asked.volume_db,
        from_s=exact(asked.from_s),
        loop=asked.loop,
        duck=asked.duck,
        layout="5.1" if heard.channels >= _SURROUND else "stereo",
    )


def _other(field: str, brought: Brought) -> OtherSound:
    found = brought.sounds[field].audio
    if found is None:
        raise AssetUnusable(f"{field}: it has no sound that can be decoded.")
    return OtherSound(
        asset=brought.assets[field], stream_index=found.stream_index, start_s=found.start_s
    )
