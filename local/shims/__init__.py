"""Small corrections to the pinned MiniStack; each checks that what it corrects is there."""

import importlib
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

PINNED = {"ministack": "1.5.33"}


class ShimMismatchError(RuntimeError):
    """The installed engine is not the one these corrections were written for."""


def check_pins() -> None:
    """Refuse to start on any other version than the one that was read and measured."""
    for package, pinned in PINNED.items():
        if (installed := version(package)) != pinned:
            raise ShimMismatchError(
                f"local/shims was written for {package} {pinned}, installed is {installed}: "
                f"install requirements/dev.txt, or adapt local/shims and its pin."
            )


def engine_module(name: str) -> Any:
    """A module of the engine, untyped as it is."""
    return importlib.import_module(f"ministack.{name}")


def symbol(owner: Any, name: str) -> Any:
    """A part of the engine that is relied on; a clear refusal where it has moved."""
    found = owner.get(name) if isinstance(owner, dict) else getattr(owner, name, None)
    if found is None:
        place = "its handler table" if isinstance(owner, dict) else owner.__name__
        raise ShimMismatchError(
            f"ministack {PINNED['ministack']} has no {name} in {place}: local/shims relies on it."
        )
    return found


def require(owner: Any, *names: str) -> None:
    """Check parts that are relied on later, so that a mismatch shows at the start."""
    for name in names:
        symbol(owner, name)


def replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Put `make(original)` where the original was."""
    made = make(symbol(owner, name))
    if isinstance(owner, dict):
        owner[name] = made
    else:
        setattr(owner, name, made)
