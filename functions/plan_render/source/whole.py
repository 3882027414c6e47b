"""Whether a file has all the bytes that it says it has: then a longer duration is only a lie."""

from functions.shared.mp4.source import ByteSource

_SEGMENT = b"\x18\x53\x80\x67"
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_HEADER_BYTES = 64 * 1024
_RIFF_HEADER_BYTES = 8
_MOST_RIFFS = 1000
_FLV_TAG_HEADER_BYTES = 11


def is_whole(source: ByteSource, container: str) -> bool:
    """False also where nothing tells. `container` is FFmpeg's name of the demuxer."""
    if "matroska" in container:
        return _is_whole_matroska(source)
    if container in {"avi", "wav"}:
        return _is_whole_riff(source)
    if container == "asf":
        return _is_whole_asf(source)
    return container == "flv" and _ends_with_an_flv_tag(source)


def _is_whole_matroska(source: ByteSource) -> bool:
    head = source.read(0, 4096)
    at = head.find(_SEGMENT)
    if at < 0 or len(head) < at + 12:
        return False
    size, used = _vint(head[at + 4 : at + 12])
    return size is not None and at + 4 + used + size <= source.size_bytes


def _vint(data: bytes) -> tuple[int | None, int]:
    """(an EBML size, its bytes); None where all its bits are set: unknown."""
    used = 9 - data[0].bit_length()
    if used > len(data):
        return None, used
    bits = 7 * used
    value = int.from_bytes(data[:used], "big") & ((1 << bits) - 1)
    return (None if value == (1 << bits) - 1 else value), used


def _is_whole_riff(source: ByteSource) -> bool:
    """All RIFF chunks, of which large AVI files have several, end with the file or before it."""
    at = 0
    for _ in range(_MOST_RIFFS):
        head = source.read(at, _RIFF_HEADER_BYTES)
        if len(head) < _RIFF_HEADER_BYTES or head[:4] != b"RIFF":
            break
        size = int.from_bytes(head[4:], "little")
        if size == 0:
            return False
        at += _RIFF_HEADER_BYTES + size
    return 0 < at <= source.size_bytes


def _is_whole_asf(source: ByteSource) -> bool:
    head = source.read(0, _ASF_HEADER_BYTES)
    at = head.find(_ASF_FILE_PROPERTIES)
    said = int.from_bytes(head[at + 40 : at + 48], "little")
    return at >= 0 and 0 < said <= source.size_bytes


def _ends_with_an_flv_tag(source: ByteSource) -> bool:
    """Each tag is followed by its size: 24 bits of payload's size are within its header, too."""
    end = max(0, source.size_bytes - 4)
    last = int.from_bytes(source.read(end, 4), "big")
    if not _FLV_TAG_HEADER_BYTES <= last <= end:
        return False
    payload = int.from_bytes(source.read(end - last + 1, 3), "big")
    return payload + _FLV_TAG_HEADER_BYTES == last
