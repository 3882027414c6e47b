"""Writes docs/job.md from the request model: `python -m reelwright.job_docs > docs/job.md`."""

import json
from collections import deque
from collections.abc import Iterator
from typing import Any

from functions.shared.job import Request
from reelwright.output_docs import output_kinds, presets

_EXAMPLE = {
    "source": "s3://media-bucket/uploads/talk.mov",
    "order_key": "customer-42",
    "render": {
        "outputs": [
            {"name": "1080p", "height": 1080, "video": {"crf": 21, "preset": "medium"}},
            {"name": "360p", "height": 360, "audio": {"bitrate_kbps": 64}},
        ]
    },
    "snapshots": {"count": 5, "widths": [320, 1280]},
}
_HEAD = f"""# A job

A job is one JSON object: the body of a message on the queue, or the input of `StartExecution`. A
field that is not listed here is an error that names the nearest one that is. This page is made from
the model that checks requests (`make docs`).

```json
{json.dumps(_EXAMPLE, indent=2)}
```
"""
_TAIL = """
## What becomes of it

| status | meaning |
| --- | --- |
| QUEUED | registered; its execution is about to start |
| WAITING | claimed by the execution named in `execution_arn`; waits for its turn |
| RUNNING | its turn has come |
| COMPLETE | every file was rendered, verified and published; `result_key` lists them |
| FAILED | it ended without its files; `error` says why; started directly again, it is resumed |
| CANCELLED | it was cancelled; nothing was published |
| REJECTED | the request can never run; `error` says why |

`error` holds `name` (a class of `functions/shared/errors.py`, or Step Functions' own), `message`
(one sentence), `state` and, where one is to blame, `chunk`.

## What it makes

| key in the media bucket | what |
| --- | --- |
| `jobs/{job_id}/out/{output}.{ending}` | each output; the ending is its container, `jpg` for jpeg |
| `jobs/{job_id}/out/{stream}/master.m3u8`, `manifest.mpd` | each stream, for HLS and for DASH |
| `jobs/{job_id}/out/{stream}/{rendition}/{index}.mp4` | its segments, a file for each chunk |
| `jobs/{job_id}/out/snapshots/{index}-{width}.jpg` | each picture in each width |
| `jobs/{job_id}/out/snapshots/poster-{width}.jpg` | the poster in each width |
| `jobs/{job_id}/out/snapshots/sprite-{sheet}.jpg`, `sprite.vtt` | thumbnails, and where each is |
| `jobs/{job_id}/out/snapshots/contact-sheet.jpg` | the overview |
| `jobs/{job_id}/out/snapshots/resized/…` | pictures in the widths that were asked of the API |
| `jobs/{job_id}/result.json` | what was made: keys, sizes, durations, checks, notes, cost |
| `jobs/{job_id}/plan.json` | the frame grid and the settings it was made by |
"""


def document() -> str:
    """The whole page."""
    schema = Request.model_json_schema()
    parts = (_section(_title(path), schema["$defs"][name], schema) for name, path in _paths(schema))
    sections = [_section("The request", schema, schema), *parts]
    return "\n".join([_HEAD, *sections, output_kinds(), presets()]) + _TAIL


def _paths(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(model, path of the first field that holds one), as the request is read from the top."""
    seen: set[str] = set()
    todo = deque([("", schema)])
    while todo:
        at, model = todo.popleft()
        for field_name, field in model.get("properties", {}).items():
            for name, steps in _models(field):
                if name not in seen:
                    seen.add(name)
                    path = f"{at}{field_name}{steps}"
                    yield name, path
                    todo.append((f"{path}.", schema["$defs"][name]))


def _models(field: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(model, "[]" for each list around it) of a field's choices."""
    if "$ref" in field:
        yield field["$ref"].rsplit("/", 1)[1], ""
    for choice in field.get("anyOf", field.get("oneOf", ())):
        yield from _models(choice)
    if "items" in field:
        yield from ((name, f"[]{steps}") for name, steps in _models(field["items"]))


def _title(path: str) -> str:
    return f"`{path}`"


def _section(title: str, model: dict[str, Any], schema: dict[str, Any]) -> str:
    rows = [
        f"| `{name}` | {_kind(field, schema)} | {_default(name, field, model)} "
        f"| {field.get('description', '')} |"
        for name, field in model["properties"].items()
    ]
    lead = model.get("description", "").split("\n\n")[0].replace("\n", " ")
    table = ["| field | type | default | |", "| --- | --- | --- | --- |", *rows]
    return f"## {title}\n\n{lead}\n\n" + "\n".join(table) + "\n"


def _default(name: str, field: dict[str, Any], model: dict[str, Any]) -> str:
    if name in model.get("required", []):
        return "required"
    default = field.get("default")
    return "" if default is None or isinstance(default, dict) else f"`{json.dumps(default)}`"


def _kind(field: dict[str, Any], schema: dict[str, Any]) -> str:
    return " or ".join(dict.fromkeys(_kinds(field, schema)))


def _kinds(field: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    if "anyOf" in field:
        for choice in field["anyOf"]:
            if choice.get("type") != "null":
                yield from _kinds(choice, schema)
    elif "$ref" in field:
        paths = dict(_paths(schema))
        yield f"see {_title(paths[field['$ref'].rsplit('/', 1)[1]])}"
    elif "const" in field:
        yield f"`{field['const']}`"
    elif "enum" in field:
        yield " or ".join(f"`{value}`" for value in field["enum"])
    elif field["type"] == "array":
        most = f"{field.get('minItems', 0)}–{field['maxItems']} × "
        yield most + " or ".join(_kinds(field["items"], schema))
    else:
        yield field["type"] + _bounds(field)


def _bounds(field: dict[str, Any]) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    if low is None and high is None:
        return ""
    return f", {low}…{high}" if None not in (low, high) else f", ≥ {low}" if high is None else ""


if __name__ == "__main__":
    print(document(), end="")  # noqa: T201 - its purpose
