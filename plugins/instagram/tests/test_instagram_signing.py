"""Signatures and the handshake of Instagram's webhooks."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediacore_instagram.signing import handshake, verify

from mediacore import Header, Refused, Request

# Computed once with the rule of the provider's page: escapes are part of what is signed.
BODY = (
    rb'{"object":"instagram","entry":[{"id":"1","messaging":[{"message":{"mid":"m1",'
    rb'"text":"\u00e4\u00f6\u00e5 \ud83d\ude00 a\/b"}}]}]}'
)
DIGEST = "947756f51e45a98f78ab11ef41efe6776375c385d48815e36c58d4df7aaad514"
# Published with david-lev/pywa (tests/test_server.py), signed by Meta with a secret that has been reset since.
META_BODY = (
    b'{"object":"whatsapp_business_account","entry":[{"id":"264937493375603","changes":[{"value":{"messaging_product":'
    b'"whatsapp","metadata":{"display_phone_number":"15550953877","phone_number_id":"277321005464405"},"contacts":'
    b'[{"profile":{"name":"PyWa Tests"},"wa_id":"972544401243"}],"messages":[{"from":"972544401243","id":'
    b'"wamid.HBgMOTcyNTQ0NDAxMjQzFQIAEhggM0RFQTNCMEEwRTY3QzUwODYzMDc4NjQ4QzM4ODAxM0YA","timestamp":"1730231903",'
    b'"text":{"body":"Hey there! I am using PyWa."},"type":"text"}]},"field":"messages"}]}]}'
)
META_SECRET = "1222e786b144d0e85b9f365372d93676"
META_DIGEST = "54edfa1d7259e0eb13c677cc7d73d1b5c86cfa12433d19156e058ab9251bc441"
URL = "https://desk.example/hook"


def call(body: bytes, *headers: Header) -> Request:
    return Request("POST", URL, headers, body)


@pytest.mark.parametrize(
    ("body", "secret", "digest"), [(BODY, "app-secret", DIGEST), (META_BODY, META_SECRET, META_DIGEST)]
)
def test_the_published_vectors_verify(body: bytes, secret: str, digest: str) -> None:
    """What Meta signed passes, in any letter case of the header's name, also as one of several secrets."""
    for name in ("X-Hub-Signature-256", "x-hub-signature-256"):
        verify(call(body, Header(name, f"sha256={digest}")), ["wrong", secret])


@pytest.mark.parametrize(
    "value",
    [
        DIGEST,
        f"sha1={DIGEST}",
        f"sha256={DIGEST.upper()}",
        f"sha256={DIGEST[:-1]}",
        f"sha256={DIGEST} ",
        "sha256=77b70693035c2f0a105ef2f56008a8929190b8adc852fe772e3b77870d9cfc35",
        "sha256=9b8e17644341957a3e43cb9a9c0996c681b4d95fb3cb4c7b5a1d3654e2284e8f",
        "sha256=",
        "",
        "sha256=ä",
    ],
)
def test_a_mutated_signature_is_refused(value: str) -> None:
    """No other spelling of the digest passes, nor the digests of re-written bodies."""
    with pytest.raises(Refused) as caught:
        verify(call(BODY, Header("X-Hub-Signature-256", value)), ["app-secret"])
    assert (caught.value.status, caught.value.code) == (403, "signature")


def test_a_missing_or_legacy_signature_is_refused() -> None:
    """Without the SHA-256 header nothing passes; the SHA-1 one counts for nothing."""
    for headers in ((), (Header("X-Hub-Signature", "sha1=00"),)):
        with pytest.raises(Refused):
            verify(call(BODY, *headers), ["app-secret"])


@given(place=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_a_mutated_body_is_refused(place: int, bit: int) -> None:
    """One flipped bit anywhere breaks the signature."""
    mutated = bytearray(BODY)
    mutated[place] ^= 1 << bit
    with pytest.raises(Refused):
        verify(call(bytes(mutated), Header("X-Hub-Signature-256", f"sha256={DIGEST}")), ["app-secret"])


def test_rewritten_json_does_not_verify() -> None:
    """The two usual re-dumps of the body have other signatures, so only raw bytes can be right."""
    for ascii_only in (True, False):
        again = json.dumps(json.loads(BODY), separators=(",", ":"), ensure_ascii=ascii_only).encode()
        with pytest.raises(Refused):
            verify(call(again, Header("X-Hub-Signature-256", f"sha256={DIGEST}")), ["app-secret"])


def test_the_handshake_answers_the_challenge_word_for_word() -> None:
    """Mode and token right: the challenge comes back as plain text."""
    query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=T%C3%A4"
    answer = handshake(f"{URL}?{query}", "Tä")
    assert (answer.status, answer.body) == (200, b"1158201444")
    assert answer.type.startswith("text/plain")


@pytest.mark.parametrize(
    "query",
    ["", "hub.mode=subscribe&hub.challenge=1", "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=T"]
    + [f"hub.mode=subscribe&hub.challenge=1&hub.verify_token={token}" for token in ("", "t", "TT", "%ff")],
)
def test_a_wrong_handshake_is_refused(query: str) -> None:
    """Another mode, or any other token, gets a 403 and no echo of the challenge."""
    with pytest.raises(Refused) as caught:
        handshake(f"{URL}?{query}", "T")
    assert caught.value.status == 403
