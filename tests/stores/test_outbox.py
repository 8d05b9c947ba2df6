"""Parts and their statuses: whatever order callbacks come in, a status is raised and never lowered."""

from __future__ import annotations

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from mediacore import Receipt, Status, StatusUpdate, Uploaded
from mediacore.stores import conversation, outbox
from mediacore.stores.ledger import Ledger, fresh

RANK = {Status.QUEUED: 0, Status.SENT: 1, Status.DELIVERED: 2, Status.READ: 3}
ANY = st.lists(st.sampled_from(Status), max_size=10)
house = hypothesis.settings(max_examples=80)


def message(connection: sa.Connection, parts: int = 1) -> str:
    id_ = conversation.add_message(
        connection, inbox="a", direction="outbound", conversation="c", contact="+1", status=Status.QUEUED, key=fresh()
    )
    for number in range(parts):
        outbox.add_part(connection, f"{id_}-{number}", id_, number, "hi", [])
    return id_


def status_of(connection: sa.Connection, id_: str) -> Status:
    return Status(conversation.message(connection, id_)["status"])


@given(statuses=ANY)
@house
def test_never_lowered(shared_ledger: Ledger, statuses: list[Status]) -> None:
    """A part's status never falls; failed gives way only to delivered or read, and comes only before those."""
    with shared_ledger.engine.connect() as connection:
        id_ = message(connection)
        current = Status.QUEUED
        for status in statuses:
            outbox.raise_part(connection, f"{id_}-0", status)
            (part,) = outbox.parts_of(connection, id_)
            reached = Status(part["status"])
            if current is Status.FAILED:
                assert reached in (Status.FAILED, Status.DELIVERED, Status.READ)
            elif reached is Status.FAILED:
                assert RANK[current] < RANK[Status.DELIVERED]
            else:
                assert RANK[reached] >= RANK[current]
            if status in (Status.DELIVERED, Status.READ):
                assert reached is not Status.FAILED
            current = reached
        connection.rollback()


@given(statuses=ANY, chance=st.randoms(use_true_random=False))
@house
def test_order_is_no_matter(shared_ledger: Ledger, statuses: list[Status], chance: object) -> None:
    """The same callbacks in another order and twice lead to the same status, wherever the receipt comes between."""
    import random

    assert isinstance(chance, random.Random)
    ends = set()
    for _ in range(2):
        shuffled = statuses * 2
        chance.shuffle(shuffled)
        place = chance.randint(0, len(shuffled))
        with shared_ledger.engine.connect() as connection:
            id_ = message(connection)
            (part,) = outbox.parts_of(connection, id_)
            outbox.claim_part(connection, part)
            for number, status in enumerate([*shuffled[:place], None, *shuffled[place:]]):
                if status is None:
                    outbox.accept_part(connection, part, Receipt("p-1"))
                else:
                    outbox.note_status(connection, "a", StatusUpdate("p-1", status, code=str(number)))
            ends.add(status_of(connection, id_))
            connection.rollback()
    assert len(ends) == 1


@given(each=st.lists(ANY, min_size=1, max_size=4))
@house
def test_least_advanced_part(shared_ledger: Ledger, each: list[list[Status]]) -> None:
    """A message stands where its least advanced part stands; one failed part is a failed message."""
    with shared_ledger.engine.connect() as connection:
        id_ = message(connection, len(each))
        for number, statuses in enumerate(each):
            for status in statuses:
                outbox.raise_part(connection, f"{id_}-{number}", status)
        outbox.settle(connection, id_)
        reached = [Status(p["status"]) for p in outbox.parts_of(connection, id_)]
        expected = Status.FAILED if Status.FAILED in reached else min(reached, key=RANK.__getitem__)
        assert status_of(connection, id_) is expected
        connection.rollback()


def test_failure_and_its_words(connection: sa.Connection) -> None:
    """A failed part gives the message its words; a later delivery takes them away."""
    id_ = message(connection)
    (part,) = outbox.parts_of(connection, id_)
    outbox.accept_part(connection, part, Receipt("p-1"))
    outbox.note_status(connection, "a", StatusUpdate("p-1", Status.FAILED, code="131026", message="unreachable"))
    row = conversation.message(connection, id_)
    assert (row["status"], row["error"]) == ("failed", "unreachable")
    outbox.note_status(connection, "a", StatusUpdate("p-1", Status.DELIVERED))
    row = conversation.message(connection, id_)
    assert (row["status"], row["error"]) == ("delivered", "")


def test_other_inbox(connection: sa.Connection) -> None:
    """A status of another inbox does not touch a part, although the provider's ids are alike."""
    id_ = message(connection)
    (part,) = outbox.parts_of(connection, id_)
    outbox.accept_part(connection, part, Receipt("p-1"))
    assert outbox.note_status(connection, "b", StatusUpdate("p-1", Status.READ)) is None
    assert status_of(connection, id_) is Status.SENT


def test_key_of_the_whole_message(connection: sa.Connection) -> None:
    """A status whose key is the message itself raises all its parts."""
    id_ = message(connection, 2)
    for number, part in enumerate(outbox.parts_of(connection, id_)):
        outbox.accept_part(connection, part, Receipt(f"p-{number}"))
    outbox.note_status(connection, "a", StatusUpdate("", Status.READ, key=id_))
    assert status_of(connection, id_) is Status.READ


def test_part_once(connection: sa.Connection) -> None:
    """Adding a part twice changes nothing."""
    id_ = message(connection)
    outbox.change_part(connection, f"{id_}-0", state="accepted")
    outbox.add_part(connection, f"{id_}-0", id_, 0, "other", [])
    (part,) = outbox.parts_of(connection, id_)
    assert (part["state"], part["text"]) == ("accepted", "hi")


def test_claim(connection: sa.Connection) -> None:
    """A part is claimed by one try at a time, which is counted, and remembers when it was first tried."""
    id_ = message(connection)
    (part,) = outbox.parts_of(connection, id_)
    assert outbox.claim_part(connection, part)
    (claimed,) = outbox.parts_of(connection, id_)
    assert (claimed["state"], claimed["attempts"]) == ("claimed", 1)
    assert claimed["tried"] > 0
    assert not outbox.claim_part(connection, part)
    assert not outbox.claim_part(connection, claimed)
    outbox.change_part(connection, part["key"], state="in_doubt")
    (doubtful,) = outbox.parts_of(connection, id_)
    assert outbox.claim_part(connection, doubtful)
    assert outbox.parts_of(connection, id_)[0]["tried"] == claimed["tried"]


def test_doubtful(connection: sa.Connection) -> None:
    """Doubtful parts to one customer can be found, oldest first, and whether one is under way."""
    id_ = message(connection, 2)
    assert not outbox.under_way(connection, "a", "+1")
    for part in reversed(outbox.parts_of(connection, id_)):
        outbox.change_part(connection, part["key"], state="in_doubt")
    assert [p["position"] for p in outbox.doubtful(connection, "a", "+1")] == [1, 0]
    assert outbox.under_way(connection, "a", "+1")
    assert not outbox.under_way(connection, "a", "+2")


@pytest.mark.parametrize(("seconds", "known"), [(3600, "u-1"), (0, "")])
def test_uploads(connection: sa.Connection, seconds: int, known: str) -> None:
    """An upload is found again while it lies at the provider, by its inbox and content, until it is forgotten."""
    outbox.keep_upload(connection, "a", "0" * 64, Uploaded("u-1", seconds))
    assert outbox.find_upload(connection, "a", "0" * 64) == known
    assert outbox.find_upload(connection, "b", "0" * 64) == ""
    outbox.forget_uploads(connection, "a", ["0" * 64])
    assert outbox.find_upload(connection, "a", "0" * 64) == ""
