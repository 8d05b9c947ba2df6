"""Mails of 30 MB taken apart and put together, by the channel's own code and by others."""

from __future__ import annotations

import email
import email.policy
import hashlib
import os
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from pathlib import Path

from mediacore_email import wire_in, wire_out

from benchmarks import ours, peers
from benchmarks.clock import Arm, Output
from mediacore import Attachment, Contact, InboundMessage, Media, Outgoing, Request

REFERENCE = "email (standard library)"
SIZE = 30_000_000
"""Bytes of the mail that is taken apart, and of the file that is put into one."""
MOST = {"mail-parse": 0.16, "mail-build": 0.15}
"""The most that ours may be of the standard library's processor time."""

_WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def rows(key: str) -> Iterator[tuple[str, tuple[Arm, ...]]]:
    """The row of the table with this key: its name and who takes part.

    Args:
        key: ``mail-parse`` or ``mail-build``.
    """
    data = os.urandom(SIZE)
    if key == "mail-parse":
        raw = _letter(data[: SIZE * 57 // 78]).as_bytes(policy=email.policy.SMTP)
        arms = [
            Arm(REFERENCE, partial(_standard, raw)),
            Arm("email, compat32", partial(_compat, raw)),
            Arm(ours.IN_PROCESS, _noted(partial(_taken_apart, raw), len(raw)), ours=True),
        ]
        if peers.has("fast_mail_parser"):
            arms.append(Arm("fast-mail-parser", partial(_fast, raw)))
        if peers.has("mailparser"):
            arms.append(Arm("mail-parser", partial(_mail_parser, raw)))
        yield f"A mail of {len(raw) / 1e6:.0f} MB taken apart, its file decoded", tuple(arms)
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "file")
            path.write_bytes(data)
            arms = [
                Arm(REFERENCE, partial(_standard_build, path)),
                Arm(ours.IN_PROCESS, _noted(partial(_put_together, path), SIZE), ours=True),
            ]
            yield f"A mail with a file of {SIZE / 1e6:.0f} MB put together", tuple(arms)


def _noted(run: Callable[[], Output], size: int) -> Callable[[], Output]:
    """The run, whose note tells the memory that it takes at its peak, beside what it was given."""
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return lambda: Output(run().data, note=f"takes {peak / size:.2f} x the size at its peak")


def _letter(data: bytes) -> EmailMessage:
    letter = EmailMessage(policy=email.policy.SMTP)
    letter["From"], letter["To"], letter["Subject"] = "kim@x.example", "help@shop.example", "A film"
    letter.set_content("Here it is.")
    letter.add_attachment(data, maintype="video", subtype="mp4", filename="film.mp4")
    return letter


def _checked(sizes: list[int]) -> Output:
    assert sizes == [SIZE * 57 // 78], sizes
    return Output()


def _standard(raw: bytes) -> Output:
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return _checked([len(part.get_content()) for part in found.iter_attachments()])


def _compat(raw: bytes) -> Output:
    found = email.message_from_bytes(raw)
    payloads = [part.get_payload(decode=True) for part in found.walk() if part.get_filename()]
    return _checked([len(data) for data in payloads if isinstance(data, bytes)])


def _taken_apart(raw: bytes) -> Output:
    request = Request("POLL", "imap://INBOX/1/1", body=raw)
    (message,) = wire_in.events(request, "help@shop.example")
    assert isinstance(message, InboundMessage)
    return _checked([sum(map(len, wire_in.file(request.body, remote.ref))) for remote in message.remotes])


def _fast(raw: bytes) -> Output:
    found = peers.package("fast_mail_parser").parse_email(raw)
    return _checked([len(each.content) for each in found.attachments])


def _mail_parser(raw: bytes) -> Output:
    found = peers.package("mailparser").parse_from_bytes(raw)
    return _checked([len(each["payload"]) * 57 // 78 for each in found.attachments])


def _standard_build(path: Path) -> Output:
    return Output(note=f"{len(_letter(path.read_bytes()).as_bytes()):,} bytes")


def _put_together(path: Path) -> Output:
    media = Media(path, "video/mp4", path.stat().st_size, hashlib.sha256(b"").hexdigest())
    message = Outgoing("k", Contact("help@shop.example"), "Here it is.", (Attachment(media, "film.mp4"),))
    mail = wire_out.mail(message, wire_out.Sender("kim@x.example"), _WHEN)
    assert sum(map(len, mail.chunks())) == mail.size
    return Output()
