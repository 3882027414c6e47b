"""The price list: dated, each price with its source."""

from datetime import date
from decimal import Decimal

from functions.shared import prices


def test_every_price_is_in_the_list_with_where_it_is_from() -> None:
    named = {one for one in vars(prices).values() if isinstance(one, prices.Price)}
    assert named | set(prices.LAMBDA_GB_SECOND.values()) == set(prices.ALL)
    for one in prices.ALL:
        assert one.page.startswith("https://aws.amazon.com/")
        assert one.usd > 0


def test_the_list_has_a_day() -> None:
    assert date(2026, 11, 1) <= date.fromisoformat(prices.PRICES_OF)


def test_an_amount_is_exact() -> None:
    assert prices.TRANSITION.of(3) == Decimal("0.000075")
    assert prices.DYNAMODB_READ.of(0.5) == Decimal("0.0000000625")
    assert prices.S3_GET.each == Decimal("0.0000004")
