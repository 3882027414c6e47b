"""What parts of drawn requests have in common."""

from typing import Any

from hypothesis import strategies as st

Drawn = st.SearchStrategy[dict[str, Any]]


def seconds(most: float = 3.5, least: float = 0) -> st.SearchStrategy[float]:
    return st.floats(least, most).map(lambda value: round(value, 3))


def percent(least: float, most: float) -> st.SearchStrategy[float]:
    return st.floats(least, most).map(lambda value: round(value, 1))


def maybe(**fields: st.SearchStrategy[Any]) -> Drawn:
    return st.fixed_dictionaries({}, optional=fields)
