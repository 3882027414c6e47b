"""Reads one asset, in a process of its own: `python -m functions.plan_render.assets.reading`.

It parses bytes from strangers, so it runs without credentials, with bounded memory, and may crash
or be killed without harm. Arguments: image or captions, the file, memory in bytes, the style of
captions as JSON. Answers with the facts, or {"error": …}, a predicate.
"""

import json
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from functions.plan_render.assets.captions import normalise
from functions.plan_render.assets.image import examine
from functions.shared.errors import AssetUnusable
from functions.shared.request.caption import CaptionStyle


def main(arguments: Sequence[str]) -> None:
    kind, path, memory_bytes, style = arguments
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes), int(memory_bytes)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    file = Path(path)
    try:
        if kind == "image":
            answer = examine(file).model_dump_json()
        else:
            looks = CaptionStyle.model_validate_json(style)
            answer = normalise(file.read_bytes(), file.parent, looks).model_dump_json()
    except AssetUnusable as error:
        answer = json.dumps({"error": str(error)})
    except MemoryError:
        answer = json.dumps({"error": "needs too much memory to read"})
    sys.stdout.write(answer)


if __name__ == "__main__":
    main(sys.argv[1:])
