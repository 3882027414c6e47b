"""Runs ffmpeg on sources from strangers: one place for its input options, limits and errors."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from functions.shared.errors import (
    FfmpegFailed,
    RenderTimedOut,
    SourceTooLarge,
    SourceUnreachable,
    TransientError,
)
from functions.shared.process import CRASHES, Ended, clean_environment, run

PROTOCOLS = ("https", "tls", "tcp", "http", "crypto")
"""`http` because presigned addresses of a local store have it. Never `file`: a playlist or a
reference inside a source must not open a file of ours."""

VIDEO_FORMATS = ("mov", "matroska", "webm", "mpegts", "mpeg", "avi", "flv", "asf", "ogg", "gif")
"""Demuxers a source may use. Whitelisting protocols alone is not enough (MEDIA.md, hostile input):
playlists, image lists and SVG each reach further files."""

AUDIO_FORMATS = ("mp3", "aac", "flac", "wav", "ac3", "eac3", "aiff", "amr", "caf")
"""And those of sources that are only heard."""

PIECE_BYTES = 4 << 20
"""Asked for at once where much is read."""

SMALL_PIECE_BYTES = 512 << 10
"""And where a single frame is wanted."""

STALL_S = 60.0
_READ_TIMEOUT_US = 20_000_000
_LEVEL = re.compile(r"\[(warning|error|fatal)\] ")
_NEVER_TELLING = re.compile(
    r"^(\[[^\]]+\] )*(\[info\] |Conversion failed!|Exiting |Error opening (input|output) files?"
    r"|Last message repeated|Nothing was written|Terminating thread|Task finished with error"
    r"|Error sending frames to consumers|Could not open encoder before EOF|\s*$)"
)
_NETWORK = re.compile(
    r"HTTP error 5\d\d|HTTP error (403|408|429)|Server returned 5|Server returned 403"
    r"|Connection (refused|reset|timed out)|timed out|Network is unreachable|Broken pipe"
    r"|Failed to resolve|Temporary failure|Stream ends prematurely|Input/output error"
    r"|Will reconnect at",
    re.IGNORECASE,
)
_GAVE_UP = re.compile(r"Error during demuxing: (?!Invalid data|End of file)")
_GROWN = re.compile(r"Picture size (\d+x\d+) exceeds specified max pixel count (\d+)")
_GONE = re.compile(r"HTTP error 4(04|10)|Server returned 404", re.IGNORECASE)
_QUERY = re.compile(r"(https?://[^\s'\"?]+)\?[^\s'\"]+")


@dataclass(frozen=True)
class Input:
    """Where ffmpeg reads. `name` is what a message may call it; the URL itself carries a secret."""

    url: str
    name: str


def input_options(url: str, piece_bytes: int = PIECE_BYTES) -> list[str]:
    """The options before and with `-i` for a source over http(s), read in pieces of that size."""
    return [
        *("-protocol_whitelist", ",".join(PROTOCOLS)),
        *("-format_whitelist", ",".join((*VIDEO_FORMATS, *AUDIO_FORMATS))),
        *http_options(piece_bytes),
        *("-i", url),
    ]


def http_options(piece_bytes: int = PIECE_BYTES) -> list[str]:
    """Read in large pieces, take up a dropped connection (else it is a silent end).

    Each piece has a connection of its own: ffmpeg 9 that keeps one may after a seek wait for bytes
    that nobody sends, until the read times out.

    No redirect is followed: a store answers itself, and one could lead anywhere.
    """
    return [
        *("-request_size", str(piece_bytes), "-max_redirects", "0"),
        *("-reconnect", "1", "-reconnect_on_network_error", "1"),
        *("-reconnect_on_http_error", "5xx", "-reconnect_delay_max", "5"),
        *("-rw_timeout", str(_READ_TIMEOUT_US)),
    ]


def layer_folder() -> Path:
    """Where ffmpeg's certificates and fonts are. FfmpegFailed where there is no ffmpeg."""
    return Path(_binary()).resolve().parent.parent


def _binary() -> str:
    binary = shutil.which("ffmpeg")
    if binary is None:
        raise FfmpegFailed("ffmpeg is not on PATH; the function needs the ffmpeg layer.")
    return binary


def run_ffmpeg(
    options: Sequence[str],
    source: Input,
    *,
    timeout_s: float,
    feed: Iterable[bytes] | None = None,
) -> str:
    """Run ffmpeg; returns the end of what it printed. An exit code of 0 proves nothing: check the
    files it made. `feed` is what it reads from `pipe:0`.

    Raises TransientError (network, killed), RenderTimedOut, SourceUnreachable, SourceTooLarge,
    FfmpegFailed (also where it crashed).
    """
    layer = layer_folder()
    if timeout_s <= 0:
        raise RenderTimedOut(f"No time was left to read {source.name}.")
    with tempfile.TemporaryDirectory(prefix="ffmpeg-home-") as folder:
        environ = clean_environment(os.environ, Path(folder))
        beside = {"SSL_CERT_FILE": "etc/cacert.pem", "FONTCONFIG_FILE": "etc/fonts/fonts.conf"}
        environ["SVT_LOG"] = "1"  # errors only, no banner after them
        for name, path in beside.items():
            if (layer / path).exists():
                environ[name] = str(layer / path)
        argv = [_binary(), "-nostdin", "-hide_banner", "-loglevel", "warning", "-y", *options]
        ended = run(argv, environ=environ, timeout_s=timeout_s, stall_s=STALL_S, feed=feed)
    _raise_for(ended, source, timeout_s)
    return _nameable(ended.stderr, source)


def lost_connection(stderr: str) -> bool:
    """Whether a run that ended with 0 all the same gave up on part of its source.

    A drop that was taken up again leaves other lines. What was made is not to be used even where
    its frames count right: the last one may be half a picture.
    """
    return bool(_GAVE_UP.search(stderr))


def _raise_for(ended: Ended, source: Input, timeout_s: float) -> None:
    if ended.stopped == "timeout":
        raise RenderTimedOut(f"ffmpeg did not finish {source.name} in {timeout_s:.0f} s.")
    if ended.stopped == "stall":
        raise TransientError(f"ffmpeg waited {STALL_S:.0f} s for {source.name} and nothing came.")
    if grown := _GROWN.search(ended.stderr):
        raise SourceTooLarge(
            f"{source.name} has pictures of {grown[1]} pixels later on; {int(grown[2]):,} are"
            " allowed."
        )
    if ended.returncode == 0:
        return
    line = telling_line(_nameable(ended.stderr, source).splitlines())
    if ended.returncode in CRASHES:
        raise FfmpegFailed(
            f"{source.name} makes ffmpeg crash (signal {-ended.returncode}): it is damaged, or"
            " ffmpeg has a fault."
        )
    if ended.returncode < 0:
        raise TransientError(
            f"ffmpeg was killed by signal {-ended.returncode} while reading {source.name}."
        )
    if _GONE.search(ended.stderr):
        raise SourceUnreachable(f"{source.name} is not there any more ({line}).")
    if _NETWORK.search(ended.stderr):
        raise TransientError(f"The connection to {source.name} failed: {line}")
    raise FfmpegFailed(f"ffmpeg could not process {source.name}: {line}")


def telling_line(lines: Sequence[str]) -> str:
    """The last line that says more than that it failed."""
    telling: Iterable[str] = (line for line in reversed(lines) if not _NEVER_TELLING.match(line))
    return _LEVEL.sub("", next(iter(telling), "it printed nothing")).strip()[:400]


def _nameable(text: str, source: Input) -> str:
    """The text without the source's address, nor the query (the signature) of any other."""
    return _QUERY.sub(r"\1", text.replace(source.url, source.name))
