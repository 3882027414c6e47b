"""The DASH manifest (ISO 23009-1) of a stream: the files that its HLS playlists name, as well.

Each representation lists byte ranges, with one length for all segments: players then find a time
without an index.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from functions.assemble_render.listing import Listed, ListedAudio, ListedCaptions, ListedVideo

MANIFEST = "manifest.mpd"
CONTENT_TYPE = "application/dash+xml"
_NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
_PROFILE = "urn:mpeg:dash:profile:isoff-main:2011"
_TRANSFER = "urn:mpeg:mpegB:cicp:TransferCharacteristics"
_ROLE = "urn:mpeg:dash:role:2011"
_CHANNELS = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"


def dash_manifest(
    rungs: Sequence[ListedVideo],
    sound: ListedAudio | None,
    captions: Sequence[ListedCaptions] = (),
) -> str:
    """Rungs of one codec are one set, in which players may switch."""
    duration_s = max(rung.duration_s for rung in rungs)
    root = Element(
        "MPD",
        {
            "xmlns": _NAMESPACE,
            "profiles": _PROFILE,
            "type": "static",
            "mediaPresentationDuration": _seconds(duration_s),
            "minBufferTime": _seconds(max(s.duration_s for s in rungs[0].segments)),
        },
    )
    period = SubElement(root, "Period", {"id": "0", "start": "PT0S"})
    for number, (_, same) in enumerate(groupby(sorted(rungs, key=_family), key=_family)):
        _pictures(period, number, list(same))
    if sound is not None:
        _sound(period, len(period), sound)
    for each in captions:
        _captions(period, len(period), each)
    indent(root)
    text = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _family(rung: ListedVideo) -> tuple[str, int | None]:
    """What a decoder can't change halfway."""
    return rung.codec.partition(".")[0], rung.transfer


def _pictures(period: Element, number: int, rungs: Sequence[ListedVideo]) -> None:
    group = SubElement(
        period,
        "AdaptationSet",
        {
            "id": str(number),
            "contentType": "video",
            "mimeType": "video/mp4",
            "segmentAlignment": "true",
            "startWithSAP": "1",
            "maxWidth": str(max(rung.width for rung in rungs)),
            "maxHeight": str(max(rung.height for rung in rungs)),
        },
    )
    if rungs[0].transfer is not None:
        value = str(rungs[0].transfer)
        SubElement(group, "SupplementalProperty", {"schemeIdUri": _TRANSFER, "value": value})
    for rung in rungs:
        size = {"width": str(rung.width), "height": str(rung.height), "sar": "1:1"}
        _representation(group, rung, {**size, "frameRate": str(rung.rate)})


def _sound(period: Element, number: int, sound: ListedAudio) -> None:
    group = SubElement(
        period,
        "AdaptationSet",
        {
            "id": str(number),
            "contentType": "audio",
            "mimeType": "audio/mp4",
            "segmentAlignment": "true",
            "startWithSAP": "1",
        },
    )
    channels = {"schemeIdUri": _CHANNELS, "value": str(sound.channels)}
    SubElement(group, "AudioChannelConfiguration", channels)
    _representation(group, sound, {"audioSamplingRate": str(sound.sample_rate)})


def _captions(period: Element, number: int, captions: ListedCaptions) -> None:
    group = SubElement(
        period,
        "AdaptationSet",
        {
            "id": str(number),
            "contentType": "text",
            "mimeType": "text/vtt",
            "lang": captions.language,
        },
    )
    SubElement(group, "Label").text = captions.label
    SubElement(group, "Role", {"schemeIdUri": _ROLE, "value": "subtitle"})
    made = SubElement(
        group,
        "Representation",
        {"id": captions.file.partition(".")[0], "bandwidth": str(captions.mean)},
    )
    SubElement(made, "BaseURL").text = f"{captions.folder}/{captions.file}"


def _representation(group: Element, track: Listed, more: dict[str, str]) -> None:
    made = SubElement(
        group,
        "Representation",
        {"id": track.folder, "codecs": track.codec, "bandwidth": str(track.peak), **more},
    )
    listed = SubElement(
        made,
        "SegmentList",
        {"timescale": str(track.timescale), "duration": str(track.segment_ticks)},
    )
    first = f"{track.folder}/{track.segments[0].file}"
    SubElement(listed, "Initialization", {"sourceURL": first, "range": _range(0, track.init_bytes)})
    for segment in track.segments:
        SubElement(
            listed,
            "SegmentURL",
            {
                "media": f"{track.folder}/{segment.file}",
                "mediaRange": _range(segment.offset, segment.length),
            },
        )


def _range(offset: int, length: int) -> str:
    return f"{offset}-{offset + length - 1}"


def _seconds(duration_s: Fraction) -> str:
    return f"PT{float(duration_s):.6f}S"
