"""Looks into a source: is it encrypted, is its index there; what is it where it is no media."""

from collections.abc import Iterator

from functions.shared.errors import PartMismatch
from functions.shared.mp4.boxes import box_header
from functions.shared.mp4.source import ByteSource

_MOST_BOXES = 10_000
_ENCRYPTED_ENTRIES = {"encv", "enca", "encs", "enct", "drmi", "drms"}
_TEXT_BYTES = 512
_MAGIC = (
    (b"#EXTM3U", "a playlist (HLS); send its https address, by which its segments can be read"),
    (b"<MPD", "a DASH manifest; only single media files can be rendered"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x89PNG", "a PNG image"),
    (b"RIFF????WEBP", "a WebP image"),
    (b"GIF8", "a GIF image that cannot be read"),
    (b"BM", "a BMP image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"version https://git-lfs", "a Git LFS pointer: the media itself was not uploaded"),
)
_FIRST_BOXES = {"ftyp", "moov", "mdat", "free", "skip", "wide", "styp"}


def is_encrypted(source: ByteSource) -> bool:
    """Whether any track of an MP4 file is marked as encrypted or as DRM-protected."""
    for start, end in _within(source, 0, source.size_bytes, "moov"):
        for track in _within(source, start, end, "trak"):
            if not _ENCRYPTED_ENTRIES.isdisjoint(_sample_entries(source, *track)):
                return True
    return False


def _sample_entries(source: ByteSource, start: int, end: int) -> Iterator[str]:
    spans = [(start, end)]
    for kind in ("mdia", "minf", "stbl", "stsd"):
        spans = [inner for span in spans for inner in _within(source, *span, kind)]
    for first, last in spans:
        yield from (kind for kind, _, _ in _boxes(source, first + 8, last))


def lacks_index(source: ByteSource) -> bool:
    """Whether this begins as an MP4 or QuickTime file and has no moov box that is whole."""
    first = source.read(0, 8)
    if first[4:8].decode("latin-1") not in _FIRST_BOXES:
        return False
    return not any(_within(source, 0, source.size_bytes, "moov"))


def _within(source: ByteSource, start: int, end: int, kind: str) -> Iterator[tuple[int, int]]:
    return ((a, b) for found, a, b in _boxes(source, start, end) if found == kind)


def _boxes(source: ByteSource, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """(kind, payload start, end) of the boxes in a span, as far as they make sense."""
    for _ in range(_MOST_BOXES):
        try:
            kind, header_bytes, length = box_header(source.read(start, 16), end - start)
        except PartMismatch:
            return
        yield kind, start + header_bytes, start + length
        start += length


def describe(head: bytes) -> str:
    """What a file that is no media seems to be, from its first bytes."""
    for magic, what in _MAGIC:
        first = head[: len(magic)]
        if len(first) == len(magic) and all(
            want in (ord("?"), have) for want, have in zip(magic, first, strict=True)
        ):
            return what
    text = head[:_TEXT_BYTES].lstrip()
    if text[:9].lower() == b"<!doctype" or text[:5].lower() == b"<html":
        return "an HTML page, perhaps an error page or a sign-in page"
    if text.startswith(b"<"):
        return "XML or SVG text"
    if _is_text(head[:_TEXT_BYTES]):
        return f"text that begins {text[:40].decode('utf-8', 'replace')!r}"
    return "not a media file of a supported kind"


def _is_text(data: bytes) -> bool:
    controls = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in data)  # noqa: PLR2004 - space
    return not controls
