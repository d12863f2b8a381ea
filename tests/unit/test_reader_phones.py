"""Telephone numbers by the countries' plans of numbers."""

import pytest

from moderation.adapters.reader.phones import phones


@pytest.mark.parametrize("text", ["01 23 45 67 89", "600 123 456", "030 901820", "(11) 91234-5678", "06 06 06 06 06"])
def test_numbers_are_found_that_are_grouped_as_their_country_writes_them(text: str) -> None:
    assert [*phones(text)]


@pytest.mark.parametrize("text", ["400 500 600", "0 200 400 600 800 1000", "05 15 25 35 45", "10 20 30 40 50"])
def test_steps_of_a_scale_are_no_number(text: str) -> None:
    assert not [*phones(text)]
