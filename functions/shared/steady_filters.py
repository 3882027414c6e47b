"""Filters that make pictures which change in mid-stream like the source's first, one by one.

Where nothing changes they change nothing: swscale then passes pictures on as they are.
"""

from collections.abc import Iterator

from functions.shared.colour import Colour
from functions.shared.plan import Video

_UNKNOWN = "unknown"
_LIGHT = ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL")


def light_options(video: Video) -> list[str]:
    """Input options by which pictures carry what the source's first were graded on, and nothing
    else: encoders write it into headers, and a later stretch may say something else or nothing."""
    told = {"-mastering_display": video.mastering, "-content_light": video.content_light}
    options = [word for name, value in told.items() if value is not None for word in (name, value)]
    preferred = ",".join(kind.lower() for kind in _LIGHT)
    return [*options, "-side_data_prefer_packet", preferred] if options else []


def steady_filters(video: Video, number: int) -> Iterator[str]:
    """The first filters behind the decoder; the number makes their pads' names their own."""
    if video.steady_size is not None:
        # Muxers would have players turn them once more.
        yield "sidedata=mode=delete:type=DISPLAYMATRIX"
    named = ",".join(_named_alike(video))
    steady = ",".join([*_converted(video), *([named] if named else [])])
    if video.light_kept and video.steady_colour is not None:
        # An encoder takes the light's description from the link before it. This filter's link has
        # that of its first input, and the pictures of the other; both must be named alike.
        yield (
            f"split[light{number}][first{number}];[light{number}]{named}[told{number}];"
            f"[first{number}]{steady}[steady{number}];"
            f"[told{number}][steady{number}]streamselect=inputs=2:map=1"
        )
    elif steady:
        yield steady


def _converted(video: Video) -> Iterator[str]:
    colour = video.steady_colour
    if colour is not None:
        # Some pictures only carry it, and swscale would convert those differently.
        yield from (f"sidedata=mode=delete:type={kind}" for kind in _LIGHT)
    if not video.colours_valid:
        yield f"setparams={_tags(Colour())}"
    elif colour is not None and (unsaid := _unsaid(colour)):
        # A later picture's tag would be one chunk's alone, or call for a conversion to a guess.
        yield f"setparams={unsaid}"
    scaled = [] if video.steady_size is None else ["{}:{}".format(*video.steady_size)]
    if colour is not None:
        scaled += [*_matrix_and_range(colour), *_light(colour)]
    if scaled:
        yield f"scale={':'.join(scaled)}"


def _named_alike(video: Video) -> Iterator[str]:
    colour = video.steady_colour
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
