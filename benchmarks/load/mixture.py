"""Renders with all that disturbs them: broken sources, poison, duplicates, taken ids."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from benchmarks.load.messages import ORDER_KEYS, Kind, Message, render
from benchmarks.load.poison import poisons
from benchmarks.load.sources import Broken, Clip

_SHARES: dict[Kind, float] = {
    "duplicate": 0.08,
    "taken id": 0.04,
    "poison": 0.12,
    "failing": 0.05,
}
FEWEST = len(_SHARES) + 1
"""Messages that hold one of each kind."""
_AMONG_OTHERS = 0.5


def mixture(
    seed: int, count: int, run: str, clips: Sequence[Clip], broken: Sequence[Broken]
) -> list[Message]:
    """`count` messages in the order they are sent. `run` begins every id, so that runs differ."""
    if count < FEWEST:
        raise ValueError(f"{count} messages can't hold all kinds: send {FEWEST} or more.")
    draw = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    numbers = {kind: max(1, round(count * share)) for kind, share in _SHARES.items()}
    renders = count - sum(numbers.values())
    # The first has an id, so that something can be repeated.
    messages = [_with_id(draw, f"{run}-000", clips)]
    messages += [render(draw, f"{run}-{number:03}", clips) for number in range(1, renders)]
    messages += _failing(draw, run, numbers["failing"], broken)
    messages += _poison(draw, run, numbers["poison"], clips[0].url)
    draw.shuffle(messages)
    for number in range(numbers["duplicate"]):
        _insert_behind(draw, messages, number, _again)
    for number in range(numbers["taken id"]):
        _insert_behind(draw, messages, number, _under_taken_id)
    return messages


def _with_id(draw: random.Random, job_id: str, clips: Sequence[Clip]) -> Message:
    while (found := render(draw, job_id, clips)).job_id is None:
        pass
    return found


def _failing(draw: random.Random, run: str, count: int, broken: Sequence[Broken]) -> list[Message]:
    """They take a turn in their lane, and must give it back."""
    found = []
    for number in range(count):
        source = broken[number % len(broken)]
        job_id, order_key = f"{run}-f{number:02}", draw.choice(ORDER_KEYS)
        outputs = [{"name": "none", "height": 48, "video": {"preset": "ultrafast"}}]
        request = {"job_id": job_id, "source": source.url, "order_key": order_key}
        found.append(
            Message(
                kind="failing",
                name=source.name,
                body=json.dumps({**request, "render": {"outputs": outputs}}),
                group=order_key,
                deduplication=job_id,
                job_id=job_id,
                order_key=order_key,
                end="FAILED",
                error=source.error,
            )
        )
    return found


def _poison(draw: random.Random, run: str, count: int, source: str) -> list[Message]:
    """Half of it in the message groups of order keys, where it must hold nobody up."""
    kinds = list(poisons(source))
    draw.shuffle(kinds)
    found = []
    for number in range(count):
        poison = kinds[number % len(kinds)]
        job_id = f"{run}-p{number:02}"
        is_among_others = draw.random() < _AMONG_OTHERS
        found.append(
            Message(
                kind="poison",
                name=poison.name,
                body=poison.body.replace("JOB_ID", job_id),
                group=draw.choice(ORDER_KEYS) if is_among_others else job_id,
                deduplication=job_id,
                job_id=job_id if poison.has_id else None,
                order_key=None,
                end="REJECTED",
                error=poison.error,
            )
        )
    return found


def _insert_behind(
    draw: random.Random,
    messages: list[Message],
    number: int,
    make: Callable[[Message, int], Message],
) -> None:
    """Put what is made of a render anywhere behind it; every second is to wait for its end."""
    places = [n for n, each in enumerate(messages) if each.kind == "render" and each.job_id]
    place = draw.choice(places)
    made = replace(make(messages[place], number), is_late=number % 2 == 1)
    messages.insert(draw.randint(place + 1, len(messages)), made)


def _again(first: Message, number: int) -> Message:
    """The same body under another deduplication id: SQS delivers it once more.

    Without an order key it has a message group of its own, so that both may be in hand at once.
    """
    group = first.group if first.order_key else f"{first.group}-again{number}"
    deduplication = f"{first.deduplication}-again{number}"
    return replace(
        first,
        kind="duplicate",
        group=group,
        deduplication=deduplication,
        original=first.job_id,
    )


def _under_taken_id(first: Message, number: int) -> Message:
    """Behind its original in one message group, or the first to come would have the id by right."""
    request = {**json.loads(first.body), "order_key": f"stolen-{number}", "priority": 50}
    return Message(
        kind="taken id",
        name="taken id",
        body=json.dumps(request),
        group=first.group,
        deduplication=f"{first.deduplication}-other{number}",
        job_id=None,
        order_key=None,
        end="REJECTED",
        error="JobIdTaken",
        original=first.job_id,
    )
