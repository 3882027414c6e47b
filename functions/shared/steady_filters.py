"""Filters that make pictures which change in mid-stream like the source's first, one by one.

Where nothing changes they change nothing: swscale then passes pictures on as they are.
"""

from collections.abc import Iterator

from functions.shared.plan import Colour, Video

_UNKNOWN = "unknown"
_LIGHT = ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL")


def steady_filters(video: Video) -> Iterator[str]:
    """The first filters behind the decoder."""
    colour = video.steady_colour
    if colour is not None and not video.light_kept:
        # Some pictures only carry it, and swscale would convert those differently.
        yield from (f"sidedata=mode=delete:type={kind}" for kind in _LIGHT)
    if not video.colours_valid:
        yield f"setparams={_tags(Colour())}"
    elif colour is not None and (unsaid := _unsaid(colour)):
        # A later picture's tag would be one chunk's alone, or call for a conversion to a guess.
        yield f"setparams={unsaid}"
    scaled = [] if video.steady_size is None else ["{}:{}".format(*video.steady_size)]
    if colour is not None:
        scaled += _matrix_and_range(colour)
        scaled += [] if video.light_kept else _light(colour)
    if scaled:
        yield f"scale={':'.join(scaled)}"
    if video.steady_pixels is not None:
        yield f"format={video.steady_pixels}"
    if colour is not None:
        yield f"setparams={_tags(colour)}:range={colour.range or _UNKNOWN}"


def _named(colour: Colour) -> dict[str, str | None]:
    return {
        "color_primaries": colour.primaries,
        "color_trc": colour.transfer,
        "colorspace": colour.matrix,
    }


def _tags(colour: Colour) -> str:
    return ":".join(f"{name}={said or _UNKNOWN}" for name, said in _named(colour).items())


def _unsaid(colour: Colour) -> str:
    return ":".join(f"{name}={_UNKNOWN}" for name, said in _named(colour).items() if said is None)


def _matrix_and_range(colour: Colour) -> Iterator[str]:
    """A range that nobody says is tv: FFmpeg and players read it so."""
    if colour.matrix is not None:
        yield f"out_color_matrix={colour.matrix}"
    yield f"out_range={colour.range or 'tv'}"


def _light(colour: Colour) -> Iterator[str]:
    """Named to swscale, they take the light's description from the link, equal or not."""
    if colour.primaries is not None:
        yield f"out_primaries={colour.primaries}"
    if colour.transfer is not None:
        yield f"out_transfer={colour.transfer}"
