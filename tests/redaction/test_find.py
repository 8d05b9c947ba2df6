"""From words to regions, their union, and the proof afterwards."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediacore.redaction.find import find
from mediacore.redaction.prove import leaks
from mediacore.redaction.regions import inside, union
from mediacore.redaction.words import Word
from mediacore.values import Region
from tests.redaction.orders import paint_order, words_from


def line(text: str, y: float = 0, x: float = 0, number: int | None = None, page: int = 0) -> list[Word]:
    """The words of a line in letters 10 wide and 20 high."""
    words, at = [], 0
    for word in text.split(" "):
        left = x + at * 10
        place = number if number is not None else int(y)
        words.append(Word(word, (left, y, left + len(word) * 10, y + 20), page, place))
        at += len(word) + 1
    return [word for word in words if word.text]


def covers(regions: list[Region], word: Word) -> bool:
    return any(r.page == word.page and inside(word.box, r.box) for r in regions)


def test_one_region_for_one_number() -> None:
    """A card number of four words is one box from its first to its last digit, and the words around stay free."""
    words = line("card 4111 1111 1111 1111 thanks")
    assert find(words, ["card"]) == [Region(0, (50, 0, 240, 20), "card", 0.99)]


@pytest.mark.parametrize("step", [20, 24, 30])
def test_wrapped_number(step: float) -> None:
    """A number that goes on in the next line, or the one after, is found with a box on each."""
    words = line("my iban is DE89 3704", 0) + line("0044 0532 0130 00 thanks", step) + line("bye 2 you", 2 * step)
    regions = find(words, ["iban"])
    assert [r.box for r in regions] == [(110, 0, 200, 20), (0, step, 170, step + 20)]
    words = line("4111 1111", 0) + line("1111", step) + line("1111 ok", 2 * step)
    assert len(find(words, ["card"])) == 3


def test_split_by_a_wide_gap() -> None:
    """Groups that a reading machine gives as lines of their own are joined where they stand side by side."""
    words = [w for i in range(4) for w in line(["4111", "1111", "1111", "1111"][i], 100, 150 * i, number=i)]
    regions = find(words, ["card"])
    assert all(covers(regions, word) for word in words)


def test_part_of_a_word() -> None:
    """When label and number are one word, the number is covered and most of the label is not."""
    words = [Word("Card:4111111111111111", (0, 0, 210, 20))]
    (region,) = find(words, ["card"])
    assert region.box[0] < 50 < region.box[0] + 30
    assert region.box[2] == 210


def test_columns_are_not_mixed() -> None:
    """A number in the next column does not complete one that it does not belong to."""
    words = line("4111 1111", 0, 0, 1) + line("1111 1111", 40, 400, 2)
    assert find(words, ["card"]) == []


lines = st.lists(
    st.sampled_from(["card 4111 1111 1111 1111", "a@b.de and 5555", "DE89 3704 0044", "0532 0130 00", "1111 1111"]),
    max_size=6,
)


@given(lines, st.randoms())
def test_order_does_not_matter(texts: list[str], chance: random.Random) -> None:
    """The words may come in any order and more than once."""
    words = [word for number, text in enumerate(texts) for word in line(text, number * 24)]
    mixed = words + words[:3]
    chance.shuffle(mixed)
    assert find(mixed, ["card", "iban", "email"]) == find(words, ["card", "iban", "email"])


@given(lines)
def test_nothing_found_twice(texts: list[str]) -> None:
    """When the covered words are taken out, nothing more is found."""
    words = [word for number, text in enumerate(texts) for word in line(text, number * 24)]
    regions = find(words, ["card", "email"])
    left = [word for word in words if not leaks([word], regions)]
    assert leaks(left, regions) == []
    assert find(left, ["email"]) == []


@st.composite
def some_regions(draw: st.DrawFn) -> list[Region]:
    corner = st.integers(0, 8)
    made = []
    for _ in range(draw(st.integers(0, 8))):
        x, y, w, h = draw(corner), draw(corner), draw(st.integers(1, 4)), draw(st.integers(1, 4))
        kind, score = draw(st.sampled_from(["card", "phone"])), draw(st.sampled_from([0.5, 0.9, 1.0]))
        made.append(Region(draw(st.integers(0, 1)), (x, y, x + w, y + h), kind, score))
    return made


def cells(regions: list[Region]) -> set[tuple[int, str, int, int]]:
    """Every unit square that is covered."""
    return {
        (r.page, r.kind, x, y)
        for r in regions
        for x in range(int(r.box[0]), int(r.box[2]))
        for y in range(int(r.box[1]), int(r.box[3]))
    }


@given(some_regions(), some_regions(), st.randoms())
def test_union(first: list[Region], second: list[Region], chance: random.Random) -> None:
    """The union covers exactly what was given, in any order, only once, and more regions never cover less."""
    once = union(first)
    assert cells(once) == cells(first)
    assert union(once) == once
    assert len(once) <= len(first)
    mixed = list(first)
    chance.shuffle(mixed)
    assert union(mixed) == once
    assert cells(once) <= cells(union(first + second))
    assert union(union(first) + second) == union(first + second)


def test_leaks() -> None:
    """A word, or two letters of a long one, under a box is a leak; neighbours that only touch it are none."""
    region = Region(0, (100, 20, 200, 40), "card")
    under = Word("4111", (120, 18, 160, 42))
    long = Word("anna.rossi@example.com", (0, 20, 130, 40))
    assert leaks([under], [region]) == [region]
    assert leaks([long], [region]) == [region]
    neighbours = [
        Word("above", (120, 0, 160, 24)),
        Word("left", (55, 20, 104, 40)),
        Word("1111", (120, 20, 160, 40), 1),
    ]
    assert leaks(neighbours, [region]) == []
    assert leaks([Word("\u25a0\u25a0", (120, 20, 160, 40))], [region]) == []


def test_answers_of_engines() -> None:
    """Rows of an engine become words, and what is no row is an error, since it comes from untrusted bytes."""
    rows: Any = [["a", 0, 1.5, 2, 3, 0, 7]]
    assert words_from({"words": rows}) == [Word("a", (0.0, 1.5, 2.0, 3.0), 0, 7)]
    assert words_from({"in_file": True}, [b'[["a",0,1.5,2,3,0,7]]']) == words_from({"words": rows})
    wrong: Any
    for wrong in (
        "x",
        [["a"]],
        [[1, 0, 0, 0, 0, 0, 0]],
        [["a", 0, 0, 0, float("nan"), 0, 0]],
        [["a", 0, 0, 0, "1", 0, 0]],
    ):
        with pytest.raises(ValueError, match=r"word"):
            words_from({"words": wrong})


def test_order_for_the_painter() -> None:
    """The order names the type and every region of the union as a row."""
    region = Region(1, (0, 1, 2, 3), "card")
    assert paint_order("application/pdf", [region, region]) == {
        "type": "application/pdf",
        "regions": [[1, 0, 1, 2, 3, "card"]],
    }
