"""What a file says of itself beside its media: its kind, and its tags."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.shared.mp4.boxes import box, full_box

_MP4 = b"isom\0\0\2\0isomiso2avc1mp41"
_QUICKTIME = b"qt  \0\0\2\0qt  "
_ATOMS = {
    "title": "©nam",
    "artist": "©ART",
    "album": "©alb",
    "comment": "©cmt",
    "date": "©day",
    "genre": "©gen",
    "copyright": "cprt",
    "description": "desc",
}
_QUICKTIME_ATOMS = {**_ATOMS, "copyright": "©cpy", "description": "©des"}
_UTF8 = 1
_UNDETERMINED = 0x55C4
"""The language code `und`."""


@dataclass(frozen=True, slots=True)
class About:
    """`tags` by FFmpeg's names."""

    is_quicktime: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def file_type(self) -> bytes:
        """The ftyp box."""
        return box("ftyp", _QUICKTIME if self.is_quicktime else _MP4)

    @property
    def user_data(self) -> bytes:
        """The udta box; nothing where there are no tags."""
        if not self.tags:
            return b""
        return box("udta", *(self._quicktime() if self.is_quicktime else [self._mp4()]))

    def _mp4(self) -> bytes:
        """As iTunes began it, and as every player reads it."""
        handler = full_box("hdlr", 0, 0, bytes(4), b"mdirappl", bytes(9))
        items = [
            box(_ATOMS[tag], box("data", struct.pack(">II", _UTF8, 0), text.encode()))
            for tag, text in sorted(self.tags.items())
        ]
        return full_box("meta", 0, 0, handler, box("ilst", *items))

    def _quicktime(self) -> list[bytes]:
        texts = [(tag, text.encode()) for tag, text in sorted(self.tags.items())]
        return [
            box(_QUICKTIME_ATOMS[tag], struct.pack(">HH", len(text), _UNDETERMINED), text)
            for tag, text in texts
        ]
