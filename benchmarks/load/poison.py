"""Messages that can never become a render."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_RENDER = {"outputs": [{"height": 48}]}
_MOST_BYTES = 100_000


@dataclass(frozen=True)
class Poison:
    """A body, with JOB_ID where its own id is to stand."""

    name: str
    body: str
    has_id: bool
    """Its id can be read from it: its row is under that id, else under the message's own."""
    error: str = "InvalidRequest"


def poisons(source: str) -> Iterator[Poison]:
    """One of each kind. `source`: a good one, so that nothing else is wrong with them."""
    yield from _not_a_request(source)
    good = {"job_id": "JOB_ID", "source": source, "render": _RENDER}
    for name, change in _faults(source).items():
        error = "SourceNotAllowed" if name == "bucket of another" else "InvalidRequest"
        yield Poison(name, json.dumps({**good, **change}), has_id=True, error=error)
    # Written as text, since Python's own writer would refuse them or write something else.
    start = json.dumps(good)[:-1]
    yield Poison("number beyond floats", f'{start}, "chunk_s": 1e999}}', has_id=True)
    yield Poison("not a number", f'{start}, "chunk_s": NaN}}', has_id=True)
    yield Poison("half a character", f'{start}, "order_key": "\\ud800"}}', has_id=True)
    yield Poison("number of 5,000 digits", f'{start}, "priority": {"9" * 5000}}}', has_id=False)


def _not_a_request(source: str) -> Iterator[Poison]:
    bodies = {
        "not JSON": "please render this 🎬",
        "cut off JSON": '{"job_id": "JOB_ID", "source": "' + source,
        "blank": "   ",
        "list": "[1, 2, 3]",
        "number": "42",
        "null": "null",
        "empty object": "{}",
        "20,000 brackets": "[" * 20_000,
        "path as id": json.dumps(
            {"job_id": "../../etc/passwd", "source": source, "render": _RENDER}
        ),
    }
    for name, body in bodies.items():
        yield Poison(name, body, has_id=False)


def _faults(source: str) -> dict[str, dict[str, Any]]:
    """What is wrong with a request that is otherwise good."""
    twice = [{"name": "same", "height": 48}, {"name": "same", "height": 72}]
    return {
        "unknown field": {"sauce": source},
        "source of the wrong type": {"source": 7},
        "scheme file": {"source": "file:///etc/passwd"},
        "scheme http": {"source": "http://example.com/clip.mp4"},
        "scheme concat": {"source": f"concat:{source}|{source}"},
        "private address": {"source": "https://169.254.169.254/latest/meta-data"},
        "bucket of another": {"source": "s3://a-bucket-of-somebody-else/clip.mp4"},
        "nothing to do": {"render": None},
        "no outputs": {"render": {"outputs": []}},
        "outputs are no list": {"render": {"outputs": {"height": 48}}},
        "one name twice": {"render": {"outputs": twice}},
        "reserved name": {"render": {"outputs": [{"name": "audio", "height": 48}]}},
        "odd height": {"render": {"outputs": [{"height": 47}]}},
        "huge height": {"render": {"outputs": [{"height": 2**63}]}},
        "huge priority": {"priority": 10**400},
        "huge count": {"snapshots": {"count": 10**30}},
        "negative time": {"snapshots": {"at_s": [-1.0]}},
        "too long": {"notify": {"metadata": {"more": "x" * _MOST_BYTES}}},
    }
