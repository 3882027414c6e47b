"""Codecs as playlists name them (RFC 6381), read from a track's own configuration."""

from functions.shared.errors import PartMismatch
from functions.shared.mp4.boxes import Box
from functions.shared.mp4.track import ENTRY_HEADER_BYTES, Track

_PQ, _HLG = 16, 18
_RANGES = {_PQ: "PQ", _HLG: "HLG"}
_AAC = 0x40
_DESCRIPTOR, _DECODER_CONFIG, _DECODER_INFO = 3, 4, 5
_ES_FIXED, _CONFIG_FIXED = 3, 13
"""Fixed bytes of an ES descriptor (without options) and of a decoder's configuration."""


def codec_string(track: Track) -> str:
    """E.g. `avc1.64001f`. Raises PartMismatch for what no playlist here names."""
    entry = track.sample_entry
    match entry.kind:
        case "avc1":
            return f"avc1.{_config(track, 'avcC').payload(1, 3).hex()}"
        case "hvc1":
            return _hevc(_config(track, "hvcC"))
        case "av01":
            return _av1(_config(track, "av1C"))
        case "mp4a":
            return _aac(_config(track, "esds"))
    raise PartMismatch(f"is {entry.kind!r}, which is not for streams")


def transfer(track: Track) -> int | None:
    """H.273's number of the pictures' transfer function, where the track says it."""
    colours = _child(track, "colr")
    if colours is None or colours.payload(0, 4) not in {b"nclx", b"nclc"}:
        return None
    return colours.number(6, 2)


def video_range(track: Track) -> str:
    """As HLS names it."""
    return _RANGES.get(transfer(track) or 0, "SDR")


def _child(track: Track, kind: str) -> Box | None:
    children = track.sample_entry.children(ENTRY_HEADER_BYTES[track.kind])
    return next((child for child in children if child.kind == kind), None)


def _config(track: Track, kind: str) -> Box:
    found = _child(track, kind)
    if found is None:
        raise PartMismatch(f"has no {kind} box in its {track.sample_entry.kind} entry")
    return found


def _hevc(config: Box) -> str:
    """ISO 14496-15, annex E.3: profile, compatibility with its bits reversed, tier and level, and
    the constraints without trailing zeros."""
    profile = config.number(1, 1)
    space = ["", "A", "B", "C"][profile >> 6]
    tier = "H" if profile & 0x20 else "L"
    compatible = int(f"{config.number(2, 4):032b}"[::-1], 2)
    constraints = config.payload(6, 6).rstrip(b"\0")
    parts = [f"hvc1.{space}{profile & 0x1F}", f"{compatible:X}", f"{tier}{config.number(12, 1)}"]
    return ".".join([*parts, *(f"{byte:X}" for byte in constraints)])


def _av1(config: Box) -> str:
    """Profile, level with its tier, and depth, of the AV1 codec ISO media file format binding."""
    first, second = config.number(1, 1), config.number(2, 1)
    depth = 8
    if second & 0x40:
        depth = 12 if second & 0x20 else 10
    tier = "H" if second & 0x80 else "M"
    return f"av01.{first >> 5}.{first & 0x1F:02}{tier}.{depth:02}"


def _aac(config: Box) -> str:
    """The object type out of the decoder's configuration, nested in descriptors."""
    at = 4
    for tag, fixed_bytes in ((_DESCRIPTOR, _ES_FIXED), (_DECODER_CONFIG, _CONFIG_FIXED)):
        at = _inside(config, at, tag)
        if tag == _DECODER_CONFIG and config.number(at, 1) != _AAC:
            raise PartMismatch("has sound that is not AAC")
        at += fixed_bytes
    at = _inside(config, at, _DECODER_INFO)
    return f"mp4a.40.{config.number(at, 1) >> 3}"


def _inside(config: Box, at: int, tag: int) -> int:
    """Where the body of the descriptor at `at` begins; its length has one to four bytes."""
    if config.number(at, 1) != tag:
        raise PartMismatch("has a damaged esds box")
    at += 1
    while config.number(at, 1) & 0x80:
        at += 1
    return at + 1
