"""Twilio's signature: the published vectors, the variants of the address, and forgeries."""

from __future__ import annotations

import hashlib
import json
import logging
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediacore_sms.signature import FORM, addresses, form_pairs, sign, verify
from twilio.request_validator import RequestValidator

from mediacore import Header, Refused, Request

TOKEN = "12345"
FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
OTHER = FIELDS | {"From": "+14158675310", "Caller": "+14158675310"}
PLAIN = "https://mycompany.com/myapp.php?foo=1&bar=2"
INSECURE = PLAIN.replace("https", "http")
REPEATED = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
INBOUND = (
    b"MessageSid=MM00000000000000000000000000000001&SmsSid=MM00000000000000000000000000000001"
    b"&AccountSid=AC00000000000000000000000000000001&From=%2B14155550100&To=%2B14155550199"
    b"&Body=caf%C3%A9+%F0%9F%98%80+&NumMedia=1&MediaContentType0=image%2Fjpeg"
    b"&MediaUrl0=https%3A%2F%2Fapi.twilio.com%2F2010-04-01%2FAccounts%2FAC1%2FMessages%2FMM1%2FMedia%2FME1"
    b"&FromState=&AddOns=x"
)
T1 = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
# name, address given to us, form, signature. Published in twilio-python tests/unit/test_request_validator.py, in
# twilio-node spec/validation.spec.js and on https://www.twilio.com/docs/usage/security ; the last one is our own.
VECTORS = [
    ("T1 form", PLAIN, urlencode(FIELDS).encode(), T1),
    ("T2 repeated names", PLAIN, urlencode(REPEATED).encode(), "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
    ("T3 https port added", PLAIN, urlencode(FIELDS).encode(), "kvajT1Ptam85bY51eRf/AJRuM3w="),
    ("T4 http port added", INSECURE, urlencode(FIELDS).encode(), "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    (
        "T5 port kept",
        INSECURE.replace(".com/", ".com:1234/"),
        urlencode(FIELDS).encode(),
        "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
    ),
    ("T6 port dropped", PLAIN.replace(".com/", ".com:1234/"), urlencode(FIELDS).encode(), T1),
    (
        "T15 docs",
        "https://example.com/myapp.php?foo=1&bar=2",
        urlencode(OTHER).encode(),
        "L/OH5YylLD5NRKLltdqwSvS0BnU=",
    ),
    ("T16 message", "https://hooks.example.com/sms/in?acct=7", INBOUND, "bFb7eyDcXajV71KD4EEbtbaQeeM="),
]
JSON_BODY = b'{"property": "value", "boolean": true}'
JSON_URL = PLAIN + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
JSON_SIGNATURE = "a9nBmqA0ju/hNViExpshrM61xv4="


def request(url: str, body: bytes, signature: str, kind: str = FORM, *more: Header) -> Request:
    return Request("POST", url, (Header("x-twilio-signature", signature), Header("Content-Type", kind), *more), body)


@pytest.mark.parametrize(("name", "url", "body", "signature"), VECTORS, ids=[v[0] for v in VECTORS])
def test_vector_verifies(name: str, url: str, body: bytes, signature: str) -> None:
    """Every published vector verifies, with the query string taken from the call and the rest from the settings."""
    assert verify(request(url, body, signature), url, [TOKEN]) == form_pairs(body)
    behind = "http://10.0.0.5:8000/inboxes/line?" + url.partition("?")[2]
    assert verify(request(behind, body, signature), url.partition("?")[0], ["older", TOKEN])


@pytest.mark.parametrize(("name", "url", "body", "signature"), VECTORS, ids=[v[0] for v in VECTORS])
def test_mutated_vector_is_refused(name: str, url: str, body: bytes, signature: str) -> None:
    """A changed body, address, token or signature, and a missing one, are each refused as forged."""
    wrong = [
        (request(url, body + b"&x=1", signature), url, TOKEN),
        (request(url, body.replace(b"1", b"2", 1), signature), url, TOKEN),
        (request(url + "&bar=3", body, signature), url, TOKEN),
        (request(url, body, signature), url.replace("/my", "/My").replace("/sms", "/Sms"), TOKEN),
        (request(url, body, signature), url, TOKEN + "6"),
        (request(url, body, signature[:-3] + "a7="), url, TOKEN),
        (request(url, body, signature.lower()), url, TOKEN),
        (request(url, body, ""), url, TOKEN),
        (request(url, body, "\udc80é"), url, TOKEN),
        (Request("POST", url, (), body), url, TOKEN),
        (request(url, body, signature), url, ""),
    ]
    for forged, address, token in wrong:
        with pytest.raises(Refused) as refused:
            verify(forged, address, [token])
        assert (refused.value.status, refused.value.code) == (403, "signature")


def test_wrong_readings_of_the_form_are_other_signatures() -> None:
    """Dropping the empty FromState or trimming the Body gives the known wrong signatures, which are not accepted."""
    url = VECTORS[-1][1]
    pairs = form_pairs(INBOUND)
    assert sign(url, [p for p in pairs if p[1]], TOKEN) == "D46PNFYKI/uWQhxY+Mn1nkqWyCY="
    assert sign(url, [(n, v.strip()) for n, v in pairs], TOKEN) == "gRE+275BVq448LFK/Dd0iE8ph4A="
    for wrong in ("D46PNFYKI/uWQhxY+Mn1nkqWyCY=", "gRE+275BVq448LFK/Dd0iE8ph4A="):
        with pytest.raises(Refused):
            verify(request(url, INBOUND, wrong), url, [TOKEN])


def test_json_is_covered_by_its_hash() -> None:
    """T7: a JSON body verifies through bodySHA256, and fails when body or hash change or the hash is missing."""
    assert verify(request(JSON_URL, JSON_BODY, JSON_SIGNATURE, "application/json"), PLAIN, [TOKEN]) == []
    assert (
        verify(Request("POST", JSON_URL, (Header("X-Twilio-Signature", JSON_SIGNATURE),), JSON_BODY), PLAIN, [TOKEN])
        == []
    )
    unhashed = sign(PLAIN, [], TOKEN)
    for url, body, signature in (
        (JSON_URL, JSON_BODY + b" ", JSON_SIGNATURE),
        (JSON_URL[:-1] + "1", JSON_BODY, JSON_SIGNATURE),
        (PLAIN, JSON_BODY, unhashed),
        (JSON_URL + "%FF", JSON_BODY, JSON_SIGNATURE),
    ):
        with pytest.raises(Refused):
            verify(request(url, body, signature, "application/json; charset=utf-8"), PLAIN, [TOKEN])


def test_address_variants() -> None:
    """Credentials and ports of the configured address are tried as they are and without; the fragment never counts."""
    assert addresses("https://user:pass@h.example:8443/p?old=1#rc=2", "?q=1") == [
        "https://user:pass@h.example:8443/p?q=1",
        "https://user:pass@h.example/p?q=1",
        "https://h.example:8443/p?q=1",
        "https://h.example/p?q=1",
    ]
    assert addresses("http://[::1]/p", "") == ["http://[::1]/p", "http://[::1]:80/p"]


@pytest.mark.parametrize(
    "url", ["https://user:pass@mycompany.com/in?a=%27+'", "https://user:pass@mycompany.com:8443/in/?"]
)
def test_credentials_in_the_address(url: str) -> None:
    """Twilio drops user and password before it signs; its libraries' vectors keep them; both are accepted."""
    body = urlencode(FIELDS).encode()
    for signed in (url, url.replace("user:pass@", "")):
        assert verify(request(url, body, sign(signed, form_pairs(body), TOKEN)), url, [TOKEN])


def test_shared_key_with_sha256() -> None:
    """A webhook shared key signs with SHA-256 when the settings header says so; unknown algorithms are refused."""
    body = urlencode(FIELDS).encode()
    signature = sign(PLAIN, form_pairs(body), "shared", "sha256")
    said = "X-Twilio-Webhooks-Signature-Settings"
    good = Header(said, "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256")
    assert verify(request(PLAIN, body, signature, FORM, good), PLAIN, [TOKEN, "shared"])
    assert RequestValidator("shared").validate(PLAIN, FIELDS, signature, "HMAC_SHA256")
    for other in ((), (Header(said, "algorithm=HMAC_MD5"),)):
        with pytest.raises(Refused):
            verify(request(PLAIN, body, signature, FORM, *other), PLAIN, [TOKEN, "shared"])


@given(
    st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=6),
    st.sampled_from([PLAIN, "https://h.example/in", "http://h.example:8080/in?x=%20+y"]),
)
def test_agrees_with_twilios_own_library(fields: dict[str, str], url: str) -> None:
    """Whatever is in the form, our signature is the one that Twilio's own Python library computes and accepts."""
    body = urlencode(fields).encode()
    ours = sign(url, form_pairs(body), TOKEN)
    library = RequestValidator(TOKEN)
    assert ours == library.compute_signature(url, fields)
    assert library.validate(url, fields, ours)
    assert verify(request(url, body, ours), url, [TOKEN]) == form_pairs(body)


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)))
def test_json_agrees_with_twilios_own_library(value: object) -> None:
    """A JSON delivery that we accept is one that Twilio's own library accepts."""
    logging.getLogger("twilio").setLevel(logging.ERROR)
    body = json.dumps(value)
    url = f"{PLAIN}&bodySHA256={hashlib.sha256(body.encode()).hexdigest()}"
    signature = sign(url, [], TOKEN)
    assert verify(request(url, body.encode(), signature, "application/json"), PLAIN, [TOKEN]) == []
    assert RequestValidator(TOKEN).validate(url, body, signature)
