"""The planner: for any files, words and limits the plan is whole, fits, and says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mediacore import Accept, Action, Attachment, Facts, Figure, Limits, Media, Part, Plan, plan
from mediacore.packing import capacity
from mediacore.plan import LINK_ROOM, plan_template
from mediacore.testkit import strategies

worlds = st.tuples(strategies.several_attachments, strategies.texts, strategies.limits(), st.booleans())
World = tuple[list[Attachment], str, Limits, bool]


def file(mime: str, size: int, facts: Facts | None = None, name: str = "file.bin", caption: str = "") -> Attachment:
    """An attachment known by its facts."""
    return Attachment(Media(Path(name), mime, size, f"{size:064x}", facts or Facts()), name, caption)


def photo(size: int, **facts: Any) -> Attachment:
    """A JPEG photo of so many bytes."""
    return file("image/jpeg", size, evolve(Facts(width=4000, height=3000, mode="RGB"), **facts), "photo.jpg")


def sorts(made: Plan, limits: Limits) -> dict[int, Accept]:
    """The sort of file that each carried attachment becomes."""
    named = {a.name: a for a in limits.accept}
    return {s.attachment: named[s.accept] for s in made.steps if s.accept}


def budget(made: Plan, attachments: list[Attachment], index: int) -> int:
    """The most bytes that one result of an attachment will have."""
    fit = made.steps[index].fit
    return fit.max_bytes if fit is not None else attachments[index].media.size


@given(worlds)
def test_every_attachment_gets_exactly_one_step(world: World) -> None:
    """Nothing is forgotten and nothing is planned twice; each step has its reason."""
    attachments, text, limits, link = world
    made = plan(attachments, text, limits, link)
    assert [s.attachment for s in made.steps] == list(range(len(attachments)))
    assert all(s.reason for s in made.steps)
    assert (made.channel, made.profile) == (limits.channel, limits.profile)


@given(worlds)
def test_every_result_stands_in_one_part_in_order(world: World) -> None:
    """The files of all parts, one after the other, are exactly the results of the steps, in the agent's order."""
    attachments, text, limits, link = world
    made = plan(attachments, text, limits, link)
    carried = [s for s in made.steps if s.action not in (Action.LINK, Action.REFUSE)]
    assert [f for part in made.parts for f in part.files] == [
        (step.attachment, number) for step in carried for number in range(step.count)
    ]
    assert all(s.accept for s in carried)


@given(worlds)
def test_links_only_where_allowed_and_each_once(world: World) -> None:
    """A file becomes a link only when links can be made, and then its address stands in exactly one part."""
    attachments, text, limits, link = world
    made = plan(attachments, text, limits, link)
    linked = [s.attachment for s in made.steps if s.action is Action.LINK]
    assert link or not linked
    assert sorted(i for part in made.parts for i in part.links) == linked


@given(worlds)
def test_no_part_breaks_the_count_or_the_mixing(world: World) -> None:
    """The number of files, of files of one sort, and the mixing of sorts stay within the channel's rules."""
    attachments, text, limits, link = world
    made = plan(attachments, text, limits, link)
    sort = sorts(made, limits)
    for part in made.parts:
        names = [sort[i].name for i, _ in part.files]
        assert limits.message.files is None or len(names) <= limits.message.files.value
        assert limits.message.mixed or len(set(names)) <= 1
        for i, _ in part.files:
            together = sort[i].together
            assert together is None or names.count(sort[i].name) <= together.value


@given(worlds)
def test_no_part_is_too_large_on_the_wire(world: World) -> None:
    """When every file uses up its budget, each message with its text and its links is still within the total."""
    attachments, text, limits, link = world
    made = plan(attachments, text, limits, link)
    rule = limits.message
    for part in made.parts:
        if not part.files or capacity(rule, 0) is None:
            continue
        files = sum(rule.wire(budget(made, attachments, i)) for i, _ in part.files)
        words = rule.wire(len(part.text.encode())) + LINK_ROOM * len(part.links) if limits.text.place == "body" else 0
        assert files + words <= (capacity(rule, 0) or 0)


@given(worlds)
def test_no_text_is_too_long(world: World) -> None:
    """Texts and captions stay within the bound in the channel's own unit, links counted in."""
    attachments, text, limits, link = world
    rule = limits.text
    for part in plan(attachments, text, limits, link).parts:
        caption = bool(part.files) and rule.place == "caption"
        most = rule.caption_max if caption else rule.max
        links = LINK_ROOM * len(part.links) if part.text else 0
        assert not part.text or most is None or rule.length(part.text) + links <= most.value


@given(worlds)
def test_words_stand_only_where_they_can(world: World) -> None:
    """A caption is only on a single file of a sort that bears one, and never where words travel apart."""
    attachments, text, limits, link = world
    made = plan(attachments, text, limits, link)
    sort = sorts(made, limits)
    for part in made.parts:
        if part.files and part.text:
            assert limits.text.place != "apart"
            if limits.text.place == "caption":
                assert len(part.files) == 1
                assert sort[part.files[0][0]].caption


@given(worlds)
def test_no_word_is_lost(world: World) -> None:
    """Everything that the agent wrote, captions included, arrives in some part, each text in its order."""
    attachments, text, limits, link = world
    made = plan(attachments, text, limits, link)
    arrived = "".join("".join(part.text for part in made.parts).split())
    kept = [a.caption for a, s in zip(attachments, made.steps, strict=True) if s.action is not Action.REFUSE]
    for written in (text, *kept):
        assert "".join(written.split()) in arrived


@given(worlds)
def test_planning_again_gives_the_same_plan(world: World) -> None:
    """The plan depends on nothing but what went in, so what the agent saw is what will be sent."""
    assert plan(*world) == plan(*world)


@given(worlds)
def test_results_are_of_a_taken_type(world: World) -> None:
    """An order for converting names only types that the chosen sort takes, within its own bounds."""
    attachments, text, limits, link = world
    made = plan(attachments, text, limits, link)
    for i, accept in sorts(made, limits).items():
        fit = made.steps[i].fit
        assert not accept.explicit
        if fit is None:
            assert attachments[i].media.type in accept.types
        else:
            assert fit.types
            assert set(fit.types) <= set(accept.types)
            assert fit.max_bytes > 0
            assert accept.max_bytes is None or fit.max_bytes <= accept.max_bytes.value
            assert fit.strip


@given(worlds)
def test_only_empty_parts_are_left_out(world: World) -> None:
    """No part is empty: each provider message has a file, a text or a link."""
    for part in plan(*world).parts:
        assert part.files or part.text.strip() or part.links


def test_files_are_named_when_nobody_wrote_a_word(phone: Limits) -> None:
    """A file without a word beside it gets its name, so that a phone that cannot show it still says something."""
    made = plan([photo(300_000)], "", phone)
    assert made.parts == (Part(((0, 0),), "photo.jpg"),)
    assert "names" in made.notes[0]


def test_three_photos_share_one_message_by_shrinking(phone: Limits) -> None:
    """Photos that are fine one by one are made smaller so that all of them travel in one MMS."""
    made = plan([photo(400_000)] * 3, "look", phone)
    assert [s.action for s in made.steps] == [Action.SHRINK] * 3
    assert len(made.parts) == 1
    assert sum(budget(made, [], i) for i in range(3)) <= 595_000


def test_pages_become_pictures_where_phones_show_no_pdf(phone: Limits) -> None:
    """A PDF is taken by the provider and shown by no phone, so its pages travel as pictures."""
    made = plan([file("application/pdf", 80_000, Facts(pages=3))], "your invoice", phone)
    assert (made.steps[0].action, made.steps[0].count) == (Action.SPLIT, 3)
    assert "3 pages become 3 pictures" in made.steps[0].reason


def test_a_locked_pdf_goes_as_a_file_or_not_at_all(phone: Limits) -> None:
    """Pages behind a password cannot become pictures; the file itself is still taken when it is small enough."""
    locked = Facts(pages=3, encrypted=True)
    assert plan([file("application/pdf", 80_000, locked)], "x", phone).steps[0].action is Action.AS_IS
    assert plan([file("application/pdf", 900_000, locked)], "x", phone).steps[0].action is Action.REFUSE
    assert plan([file("application/pdf", 900_000, locked)], "x", phone, link=True).steps[0].action is Action.LINK


def test_an_empty_file_is_refused_even_where_links_are_allowed(phone: Limits) -> None:
    """Nobody wants a link to nothing."""
    made = plan([photo(0)], "x", phone, link=True)
    assert made.refused == (made.steps[0],)


def test_a_blocked_extension_never_travels(phone: Limits) -> None:
    """What receivers throw away by its name is not sent as a file, whatever is in it."""
    blocked = evolve(phone, blocked=evolve(phone.blocked, extensions=(".exe",), source="x"))
    made = plan([file("text/vcard", 100, name="card.EXE")], "x", blocked)
    assert made.steps[0].action is Action.REFUSE
    assert ".exe" in made.steps[0].reason


def test_a_sticker_is_never_chosen_by_itself(chat: Limits) -> None:
    """An explicit sort is used only when the desk asks for it, so a WebP becomes a photo."""
    made = plan([file("image/webp", 50_000, Facts(512, 512, mode="RGB"), "cat.webp")], "hi", chat)
    assert (made.steps[0].action, made.steps[0].accept) == (Action.CONVERT, "image")
    assert made.steps[0].fit is not None
    assert made.steps[0].fit.exact_side == 0


def test_audio_bears_no_caption_so_the_text_goes_after_it(chat: Limits) -> None:
    """Where a file cannot bear words they are a message of their own, and the agent is told."""
    voice = file("audio/ogg", 9_000, Facts(codecs=("opus",), channels=1), "voice.ogg")
    made = plan([voice], "listen", chat)
    assert made.parts == (Part(((0, 0),)), Part(text="listen"))
    assert "message of its own" in made.notes[0]


def test_a_caption_that_is_too_long_becomes_a_message(chat: Limits) -> None:
    """Words longer than a caption may be are not cut off but sent beside the picture."""
    made = plan([photo(100_000, frames=1)], "word " * 300, chat)
    assert made.parts[0] == Part(((0, 0),))
    assert made.parts[1].text.startswith("word word")


def test_an_animation_says_that_only_its_first_picture_is_kept(chat: Limits) -> None:
    """Losing frames is told before it happens."""
    made = plan([file("image/gif", 50_000, Facts(64, 64, mode="P", frames=9), "wave.gif")], "hi", chat)
    assert "only its first picture" in made.steps[0].reason


def test_a_text_that_leaves_no_room_for_the_file_goes_ahead_of_it(phone: Limits) -> None:
    """A file that fills a whole message is not pushed over the limit by the words beside it."""
    card = evolve(phone, accept=(*phone.accept[:2], evolve(phone.accept[2], max_bytes=None)))
    made = plan([file("text/vcard", 594_900, name="all.vcf")], "word " * 100, card)
    assert [bool(p.files) for p in made.parts] == [False, True]


def test_a_picture_that_cannot_be_small_enough_is_not_promised(phone: Limits) -> None:
    """Where a whole message holds less than a legible picture, the plan says so instead of breaking the limit."""
    tiny = evolve(phone, message=evolve(phone.message, total_bytes=Figure(40_000, "x")))
    made = plan([photo(300_000), file("application/pdf", 300_000, Facts(pages=1))], "x", tiny)
    assert [s.action for s in made.steps] == [Action.REFUSE, Action.REFUSE]
    assert "a whole message holds" in made.steps[0].reason


@given(strategies.several_attachments, strategies.limits(), st.data())
def test_a_template_is_one_message_or_none(attachments: list[Attachment], limits: Limits, data: st.DataObject) -> None:
    """Its words are the provider's, so no text and no link goes with it; what cannot head it keeps it from going."""
    able = data.draw(st.sets(st.sampled_from([a.name for a in limits.accept]))) if limits.accept else set()
    limits = evolve(limits, accept=tuple(evolve(a, heading=a.name in able) for a in limits.accept))
    made = plan_template(attachments, limits)
    assert [s.attachment for s in made.steps] == list(range(len(attachments)))
    if made.refused:
        assert (made.parts, len(made.refused)) == ((), len(attachments))
        assert all(s.reason.startswith(f"a template on {limits.title}") for s in made.steps)
    else:
        assert made.parts == (Part(tuple((i, 0) for i in range(len(attachments)))),)
        assert {s.accept for s in made.steps} <= able


def test_a_picture_heads_a_template_as_it_would_go_alone(phone: Limits) -> None:
    """What is done to it is what the plan of a text does; a second picture, or another sort of file, has no place."""
    limits = evolve(phone, accept=tuple(evolve(a, heading=a.name == "image") for a in phone.accept))
    large = photo(5_000_000)
    assert plan_template([large], limits).steps == plan([large], "", limits).steps
    assert plan_template([large, large], limits).refused
    (step,) = plan_template([file("text/vcard", 900, name="a.vcf")], limits).steps
    assert (step.action, step.reason) == (
        Action.REFUSE,
        "a template on Phone bears one file that goes in one piece (image)",
    )
