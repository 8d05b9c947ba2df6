"""Detectors: what they find in any form, and what they never take for it."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mediacore.redaction.cards import ISSUERS, is_card, luhn
from mediacore.redaction.detectors import KINDS, detectors
from mediacore.redaction.ibans import is_valid, structure_of

GROUPINGS = ((4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (5, 5, 5, 4), (19,), (4, 4, 4, 7), (6, 13), (2, 2, 4, 4, 4, 3))
SEPARATORS = (" ", "-", "  ", "\u00a0", " - ", "\u2009", "\n")
COUNTRIES = ("DE", "GB", "FR", "IT", "NL", "ES", "CH", "NO", "MT", "BR")


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    low, high, lengths = draw(st.sampled_from(ISSUERS))
    head = str(draw(st.integers(int(low), int(high)))).zfill(len(low))
    length = draw(st.sampled_from(sorted(lengths)))
    body = head + "".join(str(draw(st.integers(0, 9))) for _ in range(length - len(head) - 1))
    number = next(body + str(d) for d in range(10) if luhn(body + str(d)))
    assume(is_card(number))
    return number


def grouped(number: str, grouping: tuple[int, ...], separator: str) -> str:
    parts, at = [], 0
    for size in grouping:
        parts.append(number[at : at + size])
        at += size
    return separator.join(part for part in (*parts, number[at:]) if part)


def found(kind: str, text: str, region: str = "US") -> list[str]:
    return [text[hit.start : hit.end] for hit in detectors([kind], region)[kind](text)]


@example("370000704300005", (4, 6, 5), " ", "no 12345 ", "")  # 12345 and two groups are a valid number as well
@example("370030840000003", (4, 4, 4, 4, 3), " ", "no 12345 ", "")  # "no" and the next digits are a valid IBAN
@given(
    number=card_numbers(),
    grouping=st.sampled_from(GROUPINGS),
    separator=st.sampled_from(SEPARATORS),
    before=st.sampled_from(["", "my card: ", "Visa", "no 12345 ", "O 1 l ", "exp 12/27, "]),
    after=st.sampled_from(["", ".", " thanks", " exp", "\nnext"]),
)
def test_every_card_is_found(number: str, grouping: tuple[int, ...], separator: str, before: str, after: str) -> None:
    """Any valid card number in any usual grouping, with words and short numbers around it, is covered."""
    written = grouped(number, grouping, separator)
    text = before + written + after
    start, end = len(before), len(before) + len(written)
    covered = {i for hit in detectors(["card"])["card"](text) for i in range(hit.start, hit.end)}
    assert not [text[i] for i in range(start, end) if i not in covered and text[i].isdigit()]


@given(number=st.text("0123456789", min_size=13, max_size=19), separator=st.sampled_from(SEPARATORS))
def test_wrong_check_digit_is_no_card(number: str, separator: str) -> None:
    """What is reported as a card is always a valid number, and a wrong one in groups of four never is one."""
    text = grouped(number, (4, 4, 4, 4, 3), separator)
    for hit in found("card", text):
        assert is_card("".join(letter for letter in hit if letter.isdigit()))
    assume(not luhn(number) and not luhn(number[:16]) and not luhn(number[4:]))
    assert found("card", text) == []


@pytest.mark.parametrize(
    "text",
    ["+4111111111111111", "+ 4111 1111 1111 1111", "4111 1111 1111 1112", "1.234.567.890.123,00", "0000000000000000"],
)
def test_not_a_card(text: str) -> None:
    """Phone numbers, amounts, wrong check digits and rows of one digit are no cards."""
    assert found("card", text) == []


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("card 4lll 1111 1111 1111 ok", "4lll 1111 1111 1111"),
        ("5S55 5555 5555 4444", "5S55 5555 5555 4444"),
        ("4111 1111 1111 1111 123", "4111 1111 1111 1111"),
        ("\uff14111\u00a01111\u200b1111\u2013 1111", "\uff14111\u00a01111\u200b1111\u2013 1111"),
    ],
)
def test_misread_and_disguised_cards(text: str, card: str) -> None:
    """Letters read for digits, digits of other scripts and invisible characters do not hide a card."""
    assert found("card", text) == [card]


@st.composite
def iban_numbers(draw: st.DrawFn) -> str:
    country = draw(st.sampled_from(COUNTRIES))
    structure = structure_of(country)
    assert structure is not None
    kinds = {"n": "0123456789", "a": "ABCDEFGHJKLMNPQRSTUVWXYZ", "c": "0123456789ABCDEFGH"}
    account = "".join(draw(st.sampled_from(kinds[kind])) for kind in structure[2:])
    return next(c for check in range(2, 99) if is_valid(c := f"{country}{check:02d}{account}"))


@given(number=iban_numbers(), separator=st.sampled_from(["", " ", "-", "  "]), small=st.booleans())
def test_every_iban_is_found(number: str, separator: str, small: bool) -> None:
    """Any valid IBAN of these countries is found, in one piece, in groups of four and in small letters."""
    written = separator.join(number[i : i + 4] for i in range(0, len(number), 4))
    written = written.lower() if small else written
    assert written in found("iban", f"IBAN: {written}, thanks")


@given(number=iban_numbers(), place=st.integers(4, 14))
def test_wrong_iban_is_none(number: str, place: int) -> None:
    """One wrong digit and it is no IBAN."""
    assume(number[place].isdigit())
    wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
    assert found("iban", wrong) == []


def test_misread_iban() -> None:
    """Digits and letters read for each other are put right by the country's structure."""
    assert found("iban", "GB82WE5T12345698765432 DE893704O04405320130O0") == [
        "GB82WE5T12345698765432",
        "DE893704O04405320130O0",
    ]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("write to anna.rossi@example.com.", "anna.rossi@example.com"),
        ("<a+b_c@sub.example.co.uk>", "a+b_c@sub.example.co.uk"),
        ("anna @ example.com now", "anna @ example.com"),
        ("anna(at)example.org", "anna(at)example.org"),
        ("jürgen@müller.de", "jürgen@müller.de"),
        ("cut off anna.rossi@exampl", "anna.rossi@exampl"),
    ],
)
def test_emails(text: str, address: str) -> None:
    """Addresses are found in their usual forms and in those that people and reading machines make of them."""
    assert found("email", text) == [address]


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("call +49 30 901820 now", "US", "+49 30 901820"),
        ("call (212) 555-0199", "US", "(212) 555-0199"),
        ("tel 030 901820", "DE", "030 901820"),
        ("on +999 1234 5678", "US", "+999 1234 5678"),
    ],
)
def test_phones(text: str, region: str, number: str) -> None:
    """International numbers are found anywhere, national ones by their region, and unknown ones by their plus."""
    assert found("phone", text, region) == [number]


@pytest.mark.parametrize("text", ["2024-11-22 10:30", "order 12345", "room 4, floor 2", "10.0.0.1", "1.5 x 20"])
def test_not_a_phone(text: str) -> None:
    """Dates, short numbers and addresses of machines are no phone numbers."""
    assert found("phone", text) == []


@given(st.text(st.sampled_from("0123456789 +-.@OlIDE()\nä\u00b2\u0664"), max_size=200))
def test_nothing_raises(text: str) -> None:
    """No text makes a detector fail, and every hit lies in the text."""
    for kind, detector in detectors(KINDS).items():
        for hit in detector(text):
            assert 0 <= hit.start < hit.end <= len(text)
            assert hit.kind == kind


def test_unknown_kind() -> None:
    """A kind that no detector finds is an error, not an empty answer."""
    with pytest.raises(ValueError, match="passport"):
        detectors(["card", "passport"])
