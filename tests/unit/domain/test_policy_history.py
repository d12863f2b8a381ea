"""Keys of the policy bucket's history, and who signed by them."""

from moderation.domain.policy_history import approval_key, is_approved, log_entry, log_key, signers

D = "d" * 64


def test_an_entry_names_its_writer_and_the_version_that_it_is_about() -> None:
    key = log_key("AROA1:ann.b@example", "3/L4.kqtJlcpXroDTDmJ+")

    assert key.startswith("history/log/AROA1:ann.b@example/")
    assert log_entry(key) == ("ann.b@example", "3/L4.kqtJlcpXroDTDmJ+")


def test_two_persons_approve_and_one_under_two_roles_is_one() -> None:
    ann, bob = approval_key(D, "AROA1:ann"), approval_key(D, "AROA1:bob")

    assert signers(D, [ann, bob]) == {"ann", "bob"}
    assert is_approved(D, [ann, bob])
    assert not is_approved(D, [ann, approval_key(D, "AROA2:ann")])
    assert not is_approved(D, [ann, ann])


def test_what_isnt_a_signature_of_this_digest_doesnt_count() -> None:
    ann = approval_key(D, "AROA1:ann")
    others = [
        approval_key("e" * 64, "AROA1:bob"),
        f"history/approvals/{D}/AROA1:bob.json/AROA1:ann.json",  # the pattern of the role's permission allows it
        f"history/approvals/{D}/AROA1:bob",
        log_key("AROA1:bob", "1"),
    ]

    for other in others:
        assert not is_approved(D, [ann, other]), other
