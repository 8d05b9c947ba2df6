"""A connection to an IMAP server: opened, protected, signed in and closed, its faults sorted by what to do next."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from mediacore import AuthNeeded, Retry
from mediacore_email.settings import Server

PASSING = (b"[UNAVAILABLE]", b"[INUSE]", b"[LIMIT]", b"[SERVERBUG]", b"[CONTACTADMIN]")
"""Response codes of faults that pass (RFC 5530 3)."""


@contextmanager
def session(server: Server) -> Iterator[imaplib.IMAP4]:
    """A connection that is protected and signed in; faults on it are ``Retry``.

    Raises:
        Retry: a passing fault. AuthNeeded: the server does not let us in.
    """
    imap = connect(server)
    try:
        with translated(server):
            yield imap
    finally:
        leave(imap)


def connect(server: Server) -> imaplib.IMAP4:
    """A connection that is protected and signed in; ``leave`` it in the end.

    Raises:
        Retry: a passing fault. AuthNeeded: the server does not let us in.
    """
    imap = _reach(server)
    try:
        with translated(server):
            _sign_in(imap, server)
    except BaseException:
        leave(imap)
        raise
    return imap


def leave(imap: imaplib.IMAP4) -> None:
    """Sign out and close a connection, whatever state it is in."""
    with suppress(imaplib.IMAP4.error, OSError):
        imap.logout()
    _close(imap)


@contextmanager
def translated(server: Server) -> Iterator[None]:
    """Faults of the connection as ``Retry``."""
    try:
        yield
    except imaplib.IMAP4.error as error:  # abort is one of them
        raise Retry(f"{server.host}: {_words(error)}", code="imap") from error
    except OSError as error:
        raise Retry(f"{server.host} closed the connection: {error}", code="lost") from error


def _reach(server: Server) -> imaplib.IMAP4:
    try:
        if server.security == "tls":
            return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=server.context(), timeout=server.timeout)
        imap = imaplib.IMAP4(server.host, server.port, timeout=server.timeout)
        if server.security == "starttls":
            _protect(imap, server)
    except ssl.SSLError as error:
        raise Retry(f"{server.host} offers no trustworthy connection: {error}", code="tls") from error
    except (OSError, imaplib.IMAP4.error) as error:
        raise Retry(f"{server.host} cannot be reached: {_words(error)}", code="unreachable") from error
    return imap


def _protect(imap: imaplib.IMAP4, server: Server) -> None:
    if "STARTTLS" not in imap.capabilities:
        _close(imap)
        told = f"{server.host} offers no STARTTLS, so nothing is said to it; check imap_security"
        raise AuthNeeded(told, code="starttls")
    try:
        imap.starttls(server.context())
    except (OSError, imaplib.IMAP4.error):
        _close(imap)
        raise


def _close(imap: imaplib.IMAP4) -> None:
    with suppress(OSError):
        imap.shutdown()


def _sign_in(imap: imaplib.IMAP4, server: Server) -> None:
    try:
        if server.token:
            imap.authenticate("XOAUTH2", lambda challenge: b"" if challenge else server.xoauth2().encode())
        else:
            imap.login(server.user, server.password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        said = _words(error)
        if any(code.decode() in said.upper() for code in PASSING):
            raise Retry(f"{server.host} does not sign in anybody now: {said}", code="imap") from error
        raise AuthNeeded(
            f"{server.host} refused the sign-in: {said}; an admin must sign in again", code="auth"
        ) from error


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return (said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said))[:300]
