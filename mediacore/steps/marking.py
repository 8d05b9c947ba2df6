"""A customer's message marked as read, or as being answered."""

from __future__ import annotations

from mediacore.errors import MediacoreError
from mediacore.house import House
from mediacore.messages import Contact, Mark
from mediacore.stores import conversation


def mark(house: House, id_: str, typing: bool) -> bool:
    """Show a customer that somebody read their message, or is writing an answer to it.

    Args:
        house: where the message is.
        id_: its id in the ledger.
        typing: an answer is being written.

    Returns:
        Whether the channel shows such a mark.

    Raises:
        KeyError: there is none of that id. MediacoreError: it is none of a customer's (``outbound``), or the provider
            did not take the mark.
    """
    with house.ledger.begin() as connection:
        row = conversation.message(connection, id_)
    if row["direction"] != "inbound":
        raise MediacoreError("only what a customer wrote can be marked as read", code="outbound")
    customer = Contact(row["contact"], row["contact_name"])
    return house.inbox(row["inbox"]).mark(Mark(customer, row["source_id"], typing))
