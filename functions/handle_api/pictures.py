"""A job's snapshot in the width a page needs."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from functions.handle_api.jobs import Found, link, result_of
from functions.handle_api.models import Picture
from functions.handle_api.problems import NOT_FOUND, Problem
from functions.shared.errors import TransientError
from functions.shared.media_store import MediaStore
from functions.shared.resizing import Resized, ResizeEvent, Width

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

_RUNS_OUT = {"RenderTimedOut", "Sandbox.Timedout", "TransientError"}
_LIST = "thumbnails"


class Resizer:
    """The function `resize_snapshot`, by its name on AWS."""

    def __init__(self, lambdas: "LambdaClient", function: str) -> None:
        self.lambdas = lambdas
        self.function = function

    def resize(self, asked: ResizeEvent) -> Resized:
        """Raises TransientError where trying again may help."""
        answer = self.lambdas.invoke(
            FunctionName=self.function, Payload=asked.model_dump_json().encode()
        )
        told = json.loads(answer["Payload"].read())
        if not answer.get("FunctionError"):
            return Resized.model_validate(told)
        name, said = told.get("errorType"), str(told.get("errorMessage"))
        if name in _RUNS_OUT:
            raise TransientError(said)
        raise RuntimeError(f"{self.function} ended with {name}: {said}")


def picture(
    found: Found,
    name: str,
    width: Width | None,
    store: Callable[[], MediaStore],
    resizer: Resizer,
) -> Picture:
    """The snapshot as it was taken, or narrower. It is never made wider than that: then it is given
    as it is."""
    media = store()
    one = _snapshot(found.row, media, name)
    if width is None or width >= one["width"]:
        shape = {field: one[field] for field in ("key", "width", "height", "size_bytes")}
        return Picture(**shape, url=link(media, one["key"]))
    event = ResizeEvent(job_id=found.row["job_id"], name=name, width=width)
    made = resizer.resize(event)
    return Picture(**made.model_dump(), url=link(media, made.key))


def _snapshot(row: Mapping[str, Any], store: MediaStore, name: str) -> Mapping[str, Any]:
    """Of the result. A name that is none of its pictures reaches neither store nor function."""
    for one in (result_of(row, store) or {}).get("snapshots", ()):
        if one["key"].rsplit("/", 1)[1] == name and one.get("kind") != _LIST:
            found: Mapping[str, Any] = one
            return found
    job_id = row["job_id"]
    raise Problem(NOT_FOUND, f"Job {job_id} is {row['status']} and has no snapshot {name[:80]!r}.")
