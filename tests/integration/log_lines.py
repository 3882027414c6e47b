"""What a deployed function logged."""

import json
from typing import Any

from tests.integration.conftest import Deployed


def lines_of(stack: Deployed, function: str, word: str) -> list[dict[str, Any]]:
    """Lines of the function's log that are JSON and hold the word, in order of their coming."""
    logs: Any = stack.service("logs")
    group = stack.configuration(function)["LoggingConfig"]["LogGroup"]
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, filterPattern=f'"{word}"'
    )
    texts = (event["message"] for page in pages for event in page["events"])
    return [json.loads(text) for text in texts if text.startswith("{")]
