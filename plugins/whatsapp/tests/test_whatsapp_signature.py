"""Meta's signature and handshake."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediacore_whatsapp.signature import handshake, sign, verify

from mediacore import Header, Refused, Request

# Escaped as Meta escapes; the digest was computed apart from this code, with OpenSSL's command line tool.
ESCAPED = (
    rb'{"object":"instagram","entry":[{"id":"1","messaging":[{"message":{"mid":"m1",'
    rb'"text":"\u00e4\u00f6\u00e5 \ud83d\ude00 a\/b"}}]}]}'
)
DIGEST = "947756f51e45a98f78ab11ef41efe6776375c385d48815e36c58d4df7aaad514"


def signed(body: Any, value: Any) -> Any:
    return Request("POST", "https://desk.example/hook", (Header("X-Hub-Signature-256", value),), body)


def test_known_vector() -> None:
    """The escaped vector verifies byte for byte."""
    assert sign("app-secret", ESCAPED) == f"sha256={DIGEST}"
    verify(signed(ESCAPED, f"sha256={DIGEST}"), ["app-secret"])


@pytest.mark.parametrize(
    "digest",
    [
        "77b70693035c2f0a105ef2f56008a8929190b8adc852fe772e3b77870d9cfc35",
        "9b8e17644341957a3e43cb9a9c0996c681b4d95fb3cb4c7b5a1d3654e2284e8f",
        DIGEST.upper(),
        "",
    ],
)
def test_redumped_bodies_do_not_fit(digest: Any) -> None:
    """Digests of the same JSON written otherwise, or in capitals, or none, are refused."""
    with pytest.raises(Refused) as caught:
        verify(signed(ESCAPED, f"sha256={digest}"), ["app-secret"])
    assert (caught.value.status, caught.value.code) == (403, "signature")


def test_missing_header_and_old_header() -> None:
    """No header, the bare digest, and the old SHA-1 header are refused."""
    old = hmac.new(b"app-secret", ESCAPED, hashlib.sha1).hexdigest()
    for headers in ((), (Header("X-Hub-Signature", f"sha1={old}"),), (Header("X-Hub-Signature-256", DIGEST),)):
        with pytest.raises(Refused):
            verify(Request("POST", "https://desk.example/", headers, ESCAPED), ["app-secret"])


def test_any_of_several_secrets_fits() -> None:
    """While one secret replaces another, either signs."""
    verify(signed(ESCAPED, f"sha256={DIGEST}"), ["old", "app-secret"])
    with pytest.raises(Refused):
        verify(signed(ESCAPED, f"sha256={DIGEST}"), ["old", "older"])


@given(st.text(), st.binary(max_size=40))
def test_no_header_value_crashes(value: Any, body: Any) -> None:
    """Any header value is refused, not a crash."""
    with pytest.raises(Refused):
        verify(signed(body, value), ["app-secret"])


@given(st.integers(0, len(ESCAPED) - 1), st.integers(1, 255))
def test_every_changed_byte_is_seen(at: Any, change: Any) -> None:
    """A body with one byte changed is refused."""
    body = bytearray(ESCAPED)
    body[at] ^= change
    with pytest.raises(Refused):
        verify(signed(bytes(body), f"sha256={DIGEST}"), ["app-secret"])


def ask(query: Any) -> Any:
    return Request("GET", f"https://desk.example/hook?{query}")


def test_handshake_answers_with_the_challenge_verbatim() -> None:
    """The challenge comes back as plain text, as it was."""
    answer = handshake(ask("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=T%20%C3%A4"), "T ä")
    assert (answer.status, answer.body) == (200, b"1158201444")
    assert answer.type.startswith("text/plain")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=t",
        "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=T",
        "hub_mode=subscribe&hub_challenge=1&hub_verify_token=T",
    ],
)
def test_handshake_refuses_wrong_calls(query: Any) -> None:
    """Another mode or token, or none, is refused."""
    with pytest.raises(Refused) as caught:
        handshake(ask(query), "T")
    assert caught.value.status == 403
