"""What is written: answers to standard output, everything said beside them to standard error."""

import json
import sys
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

_COLOURS = {
    "QUEUED": "cyan",
    "WAITING": "cyan",
    "RUNNING": "blue",
    "COMPLETE": "green",
    "FAILED": "red",
    "REJECTED": "red",
    "CANCELLED": "yellow",
}
_ANY_WIDTH = 10_000
"""Where no person looks on, no line is broken and nothing is cut."""


class Output:
    """Where a command's answer goes. rich keeps to NO_COLOR and to what the terminal can do."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.errors = Console(stderr=True, highlight=False, soft_wrap=True)
        wide = None if sys.stdout.isatty() else _ANY_WIDTH
        self._console = Console(highlight=False, soft_wrap=True, width=wide)

    def document(self, value: Any) -> None:
        """One line of JSON, there at once for whoever reads along."""
        sys.stdout.write(json.dumps(_plain(value), ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def line(self, text: str | Text) -> None:
        """For people."""
        self._console.print(text if isinstance(text, Text) else Text(text))
        sys.stdout.flush()

    def table(self, heads: list[str], rows: list[list[str | Text]]) -> None:
        """Columns as wide as the terminal lets them be, or as they need to be."""
        shown = Table(*heads, box=None, pad_edge=False, header_style="bold")
        for column in shown.columns:
            column.overflow = "fold"
        for row in rows:
            shown.add_row(*row)
        with self._console.capture() as captured:
            self._console.print(shown, soft_wrap=False)
        lines = captured.get().splitlines()
        sys.stdout.write("".join(f"{line.rstrip()}\n" for line in lines))
        sys.stdout.flush()

    def said(self, text: str) -> None:
        """A word to whoever looks on; never part of the answer."""
        self.errors.print(Text(text))


def status(name: str) -> Text:
    return Text(name, _COLOURS.get(name, ""))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
