"""What a packet of sound says about its format, in its first bytes; nothing is decoded.

Only for kinds of sound that say it in every packet: what is told here can change in mid-stream.
"""

Format = tuple[int | str, ...]
"""Two packets with equal ones come out of a decoder at one rate and in one layout."""

TELLING = {"aac", "mp1", "mp2", "mp3", "ac3", "eac3"}
"""Codecs whose every packet tells. Sound in others must be decoded."""
_ADTS_BYTES = 4
_AC3_BYTES = 8
_AC3_LAST_BSID = 10
_SYNC_AC3 = b"\x0b\x77"
_MONO = 3


def sound_format(codec: str, head: bytes) -> Format | None:
    """None: this packet does not tell, or its codec does not."""
    match codec:
        case "aac":
            return _adts(head)
        case "mp1" | "mp2" | "mp3":
            return _mpeg(head)
        case "ac3" | "eac3":
            return _ac3(head)
    return None


def _adts(head: bytes) -> Format | None:
    """Profile, index of the rate, channels."""
    if len(head) < _ADTS_BYTES or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:  # noqa: PLR2004
        return None
    channels = (head[2] & 1) << 2 | head[3] >> 6
    return ("aac", head[2] >> 6, head[2] >> 2 & 15, channels)


def _mpeg(head: bytes) -> Format | None:
    """Version and layer, index of the rate, one channel or two."""
    if len(head) < _ADTS_BYTES or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004
        return None
    return ("mpeg", head[1] >> 1 & 15, head[2] >> 2 & 3, int(head[3] >> 6 == _MONO))


def _ac3(head: bytes) -> Format | None:
    """Rate, arrangement of the channels, whether there is one for the bass."""
    if len(head) < _AC3_BYTES or head[:2] != _SYNC_AC3:
        return None
    if head[5] >> 3 > _AC3_LAST_BSID:
        # E-AC-3 says a rate in two bits, or in two more where they are all set.
        rate = head[4] >> 6
        return ("eac3", rate, head[4] >> 4 & 3 if rate == 3 else 0, head[4] & 15)  # noqa: PLR2004
    arrangement = head[6] >> 5
    # Before the bass stand two bits for each of: a centre, surrounds, or plain stereo.
    skipped = 0
    skipped += 2 if arrangement & 1 and arrangement != 1 else 0
    skipped += 2 if arrangement & 4 else 0
    skipped += 2 if arrangement == 2 else 0  # noqa: PLR2004
    bass = int.from_bytes(head[6:8], "big") >> (12 - skipped) & 1
    return ("ac3", head[4] >> 6, arrangement, bass)
