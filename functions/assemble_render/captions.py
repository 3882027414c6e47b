"""Captions beside an output's pictures: a track of timed text in MP4 and MOV, and whole files for
what is made by ffmpeg."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from functions.shared.assets import read_cues
from functions.shared.languages import three_letters
from functions.shared.media_store import MediaStore
from functions.shared.mp4.text_track import text_track
from functions.shared.mp4.track import Movie, Track
from functions.shared.plan import Asset, Output, Plan

_IN_TABLES = {"mp4", "mov"}
_AS_FILES = {"mkv": "srt", "webm": "webvtt"}


@dataclass(frozen=True, slots=True)
class TextTrack:
    """A track of captions and its samples."""

    movie: Movie
    track: Track
    media: bytes


@dataclass(frozen=True, slots=True)
class CaptionFile:
    """Captions as ffmpeg reads them."""

    demuxer: str
    language: str
    """ISO 639-2."""
    label: str | None
    cues: int
    text: bytes


def text_tracks(store: MediaStore, plan: Plan, output: Output, frames: int) -> list[TextTrack]:
    """The plan's captions, as long as the output's pictures at most. None but in MP4 and MOV."""
    if output.container not in _IN_TABLES:
        return []
    duration_ms = int(frames / plan.video.rate * 1000)
    size = (output.width, output.height)
    return [
        TextTrack(
            *text_track(
                read_cues(read_asset(store, captions.cues)),
                duration_ms,
                captions.language,
                captions.label,
                size,
            )
        )
        for captions in plan.captions
    ]


def caption_files(store: MediaStore, plan: Plan, output: Output) -> list[CaptionFile]:
    """The plan's captions for a container that ffmpeg makes."""
    demuxer = _AS_FILES.get(output.container)
    if demuxer is None:
        return []
    return [
        CaptionFile(
            demuxer=demuxer,
            language=three_letters(captions.language),
            label=captions.label,
            cues=len(read_cues(read_asset(store, captions.cues))),
            text=read_asset(store, captions.srt if demuxer == "srt" else captions.vtt),
        )
        for captions in plan.captions
    ]


def read_asset(store: MediaStore, asset: Asset) -> bytes:
    """Its planned bytes. SourceChanged where they are others."""
    with TemporaryDirectory(prefix="asset-") as folder:
        file = Path(folder) / "asset"
        store.download(asset.key, file, bucket=asset.bucket, etag=asset.etag)
        return file.read_bytes()
