"""Keys of the policy bucket's history."""

from moderation.domain.policy_history import log_entry, log_key


def test_an_entry_names_its_writer_and_the_version_that_it_is_about() -> None:
    key = log_key("AROA1:ann.b@example", "3/L4.kqtJlcpXroDTDmJ+")

    assert key.startswith("history/log/AROA1:ann.b@example/")
    assert log_entry(key) == ("ann.b@example", "3/L4.kqtJlcpXroDTDmJ+")
