"""The parts of docs/job.md on what an output can be: containers, codecs, presets."""

import json
from typing import Any

from functions.plan_render.whole_pictures import MOST_PIXELS, MOST_S
from functions.shared.containers import CODECS, PICTURES
from functions.shared.request.encoding import DEFAULT_CRF, MOST_CRF, PIXEL_FORMATS
from functions.shared.request.presets import PRESETS
from functions.shared.request.sound import CODECS as SOUNDS

_HDR = {"h264": "asked for in 10 bits", "prores": "yes"}
_ALPHA = {"prores": "profile `4444`"}


def output_kinds() -> str:
    """Which container holds what, and what each codec keeps."""
    containers = [
        f"| `{name}` | {_code(codecs)} | {_code(SOUNDS.get(name, ()))} |"
        for name, codecs in CODECS.items()
    ]
    codecs = [
        f"| `{name}` | {_crf(name)} | {_code(formats)} | {_HDR.get(name, 'yes, in 10 bits')} "
        f"| {_ALPHA.get(name, 'no')} |"
        for name, formats in PIXEL_FORMATS.items()
    ]
    notes = (
        "HDR that is not kept is tone-mapped, transparency that is not kept is laid on black; both"
        " are told in the result's `notes`. Sizes are even. "
        f"{_code(PICTURES)} are made in one piece, in 8 bits; moving ones of {MOST_S} s and"
        f" {MOST_PIXELS:,} pixels a frame at most; `png` and `webp` keep transparency."
    )
    return "\n".join(
        [
            "## Containers and codecs",
            "",
            "The usual one of each comes first.",
            "",
            "| container | video | sound |",
            "| --- | --- | --- |",
            *containers,
            "",
            "| codec | crf: usual, most | pixel formats | HDR | transparency |",
            "| --- | --- | --- | --- | --- |",
            *codecs,
            "",
            notes,
            "",
        ]
    )


def presets() -> str:
    """What each preset says."""
    rows = [f"| `{name}` | `{json.dumps(_known(said))}` |" for name, said in PRESETS.items()]
    lead = (
        "`render.outputs[].preset` fills in what an output leaves out. A width or height of one's"
        " own replaces the preset's size, a codec its encoding, a rate its rate, a container its"
        " codecs; the rest stays."
    )
    return "\n".join(
        [
            "## Presets",
            "",
            lead,
            "",
            "| preset | what it says |",
            "| --- | --- |",
            *rows,
            "",
        ]
    )


def _crf(codec: str) -> str:
    return f"{DEFAULT_CRF[codec]}, {MOST_CRF[codec]}" if codec in DEFAULT_CRF else "none"


def _code(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _known(said: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(said.items(), key=lambda field: isinstance(field[1], dict)))
