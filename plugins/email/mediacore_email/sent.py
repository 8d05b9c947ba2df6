"""Whether a mail was taken after all: its copy in the account's folder of sent mails.

Some providers file a copy of every submission that they take: Gmail (https://support.google.com/mail/answer/78892) and
Exchange Online (https://techcommunity.microsoft.com/t5/exchange-team-blog/changes-coming-to-the-smtp-authenticated-submission-client-protocol/ba-p/607825).
Where nobody files copies, an empty folder says nothing, so the folder is asked only when a setting names it.
"""

from __future__ import annotations

import imaplib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from mediacore import Absent, Receipt, Retry
from mediacore_email import imap
from mediacore_email.ids import OURS
from mediacore_email.imap_session import session
from mediacore_email.reports import OUR_ID
from mediacore_email.settings import Server


def look(
    server: Server, folder: str, message_id: str, to: str, handed: datetime | None, within: float
) -> Receipt | Absent | None:
    """Look for the copy.

    Args:
        server: the IMAP server.
        folder: where copies are filed, as people write it.
        message_id: of the mail, with its brackets.
        to: its recipient.
        handed: when it was handed over last; None when that is not known.
        within: seconds in which a copy is filed.

    Returns:
        A receipt when it is there. ``Absent`` when it is not and had its time. None when it may still come, or when
        another mail to this recipient was filed whose id is not ours: servers may replace ids.

    Raises:
        Retry: a passing fault. AuthNeeded: no sign-in, or no such folder.
    """
    with session(server) as client:
        imap.examine(client, folder, "sent_folder")
        if _found(client, f'"{message_id}"'):
            return Receipt(message_id, detail=f"found in {folder}")
        if handed is None or datetime.now(UTC) - handed < timedelta(seconds=within):
            return None
        # one day more, because the server dates its mails by a clock and a time zone of its own
        since = f"SINCE {'-'.join(format_datetime(handed - timedelta(days=1)).split()[1:4])}"
        known = to if to.isascii() else to.rpartition("@")[2]  # a search in ASCII, which every server understands
        unknown = _search(client, since, "TO", f'"{known}"') - _found(client, f'"{OURS}"', since)
        return None if unknown else Absent()


def _found(client: imaplib.IMAP4, quoted: str, *more: str) -> set[bytes]:
    """Mails with these words in the id that we gave them."""
    return {uid for name in OUR_ID for uid in _search(client, *more, "HEADER", name, quoted)}


def _search(client: imaplib.IMAP4, *criteria: str) -> set[bytes]:
    kind, lines = client.uid("SEARCH", *criteria)
    if kind != "OK":
        raise Retry(f"the mail server does not search its folder of sent mails: {lines}", code="imap")
    return {uid for line in lines if line for uid in line.split() if uid.isdigit()}
