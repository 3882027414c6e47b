"""Rows as DynamoDB writes them: what boto3 would make of them, and back."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.dynamo_values import from_dynamo, to_dynamo

_PLAIN = st.none() | st.booleans() | st.text() | st.integers(-(10**37), 10**37)
VALUES = st.recursive(
    _PLAIN, lambda some: st.lists(some) | st.dictionaries(st.text(), some), max_leaves=10
)


@given(VALUES)
def test_values_are_written_as_boto3_writes_them(value: Any) -> None:
    assert to_dynamo(value) == TypeSerializer().serialize(value)


@given(VALUES)
def test_values_are_read_as_boto3_reads_them(value: Any) -> None:
    written: Any = to_dynamo(value)

    assert from_dynamo(written) == TypeDeserializer().deserialize(written) == value


def test_a_number_is_read_exactly() -> None:
    read = from_dynamo({"N": "0.1"})

    assert (type(read), read) == (Decimal, Decimal("0.1"))


@pytest.mark.parametrize("value", [0.1, b"bytes", {1, 2}, {"inside": 0.5}])
def test_what_has_no_exact_counterpart_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        to_dynamo(value)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="'B'"):
        from_dynamo({"B": b""})
