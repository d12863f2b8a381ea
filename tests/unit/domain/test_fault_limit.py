"""The message about a broken file is bounded."""

import pytest

from moderation.domain.validation import Faults
from moderation.errors import InvalidPolicy


@pytest.mark.parametrize("number, lines, last", [(20, 20, "f19: wrong; mend"), (23, 21, "and 3 more")])
def test_twenty_faults_are_listed_and_the_others_counted(number, lines, last):
    faults = Faults()
    for fault in range(number):
        faults.add(f"f{fault}", "wrong", "mend")

    with pytest.raises(InvalidPolicy) as raised:
        faults.finish()

    listed = str(raised.value).splitlines()
    assert (len(listed), listed[-1]) == (lines, last)
