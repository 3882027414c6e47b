"""Rounds on an embedded AWS, one after another, and a census after each."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.console import Console

from benchmarks.load.sources import Clip, count_frames, upload_broken
from benchmarks.soak.census import Census, census
from benchmarks.soak.faults import ChancyWire, Machine
from benchmarks.soak.kinds import Messages
from benchmarks.soak.promises import left_behind
from benchmarks.soak.rounds import Round
from benchmarks.soak.showing import RoundShown, progress
from benchmarks.soak.sweeping import sweep
from benchmarks.soak.ways import Ways
from benchmarks.stack import new_stack
from local.embedded import EmbeddedAws
from local.home import Home
from local.loopback_server import LoopbackServer
from local.releases import release_all
from reelwright.client import Client
from reelwright.direct import DirectClient
from reelwright.stacks import Stack
from tests.integration.faulty_wire import Call

_STACK = "Reelwright"
_RESTART_AT, _WARM_AT = 0.1, 0.3
"""Shares of the time: when the engine is stopped and started, and from when on growth is judged."""
_ROUNDS, _LONGEST_S, _SHORTEST_S = 24, 60.0, 5.0
_HIDDEN_S = "20"
"""How long the queue hides a message in hand: by the template it is minutes, in which a round whose
function was killed would wait for nothing else."""


@dataclass(frozen=True)
class Plan:
    """What is asked for."""

    minutes: float
    seed: int
    ceiling: int
    share: float
    """Of functions' calls to AWS that end otherwise than they should."""

    @property
    def round_s(self) -> float:
        """How long jobs come in, before all comes to rest, which takes about as long again."""
        return min(_LONGEST_S, max(_SHORTEST_S, self.minutes * 60 / _ROUNDS))


@dataclass
class Soak:
    """What was found. `warm`: after the warm-up, when growth is judged."""

    home: Home
    faults: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    rounds: list[RoundShown] = field(default_factory=list)
    warm: list[Census] = field(default_factory=list)


def soak(console: Console, assembly: Path, files: Sequence[Path], plan: Plan) -> Soak:
    """Returns when the time is over, the last round is done and the engine has ended."""
    draw = random.Random(plan.seed)  # noqa: S311 - to be repeated, not to be secret
    with new_stack("soak", assembly) as (client, aws), _wire(aws, plan) as wire:
        found, machine = Soak(aws.home), Machine.of(aws, _STACK)
        machine.lead_over(wire)
        release_all(aws, _STACK)
        client.sqs.set_queue_attributes(
            QueueUrl=client.outputs["QueueUrl"], Attributes={"VisibilityTimeout": _HIDDEN_S}
        )
        submissions = machine.variable("HandleApi", "SUBMISSIONS_TABLE")
        ways, messages = _supply(draw, plan, files, client, aws)
        began, is_restarted = time.monotonic(), False
        with progress(console, plan.minutes) as tell:
            while (share := (time.monotonic() - began) / plan.minutes / 60) < 1:
                one = Round(ways, machine, messages, draw, tell)
                restarts = not is_restarted and share >= _RESTART_AT
                one.run(plan.round_s, plan.ceiling, stop_engine=restarts)
                is_restarted |= restarts
                sweep(aws, client, one.job_ids, submissions)
                ended = sum(each.sent for each in found.rounds) + len(one.sent)
                counted = census(aws, client, ended, submissions)
                found.broken += [*one.broken, *left_behind(counted)]
                found.rounds.append(RoundShown.of(one, counted, restarts=restarts))
                console.print(found.rounds[-1].line(len(found.rounds) - 1))
                if share >= _WARM_AT and is_restarted:
                    found.warm.append(counted)
        found.faults = {"calls disturbed on the wire": wire.met, **machine.counts}
    return found


@contextmanager
def _wire(aws: EmbeddedAws, plan: Plan) -> Iterator[ChancyWire]:
    wire = ChancyWire(aws.endpoint, random.Random(f"wire {plan.seed}"), plan.share)  # noqa: S311
    with LoopbackServer(partial(Call, wire)) as server:
        wire.url = f"http://127.0.0.1:{server.port}"
        yield wire


def _supply(
    draw: random.Random, plan: Plan, files: Sequence[Path], client: DirectClient, aws: EmbeddedAws
) -> tuple[Ways, Messages]:
    """Sources in their places; the API's caller has copies of its own, as it may read no others."""
    stack = Stack.embedded(aws.home.path)
    api = Client(stack.api_url, stack.tokens())
    clips = [Clip(file.stem, count_frames(file), client.upload(file)) for file in files]
    copies = {clip.url: api.upload(file) for clip, file in zip(clips, files, strict=True)}
    broken = upload_broken(files[-1], client)
    return Ways(client, api, copies), Messages(draw, f"soak-{plan.seed}", clips, broken)
