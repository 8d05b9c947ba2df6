"""Inbound: what customers write reaches the desk, whatever happens to the files."""

from __future__ import annotations

import base64
import errno
import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from mediacore import (
    AuthNeeded,
    Contact,
    Deletion,
    Edit,
    Finding,
    Header,
    MediacoreError,
    Permanent,
    Reaction,
    Refused,
    Region,
    Remote,
    Request,
    Retry,
    Unsupported,
)
from mediacore.house import Policy
from mediacore.steps import intake
from mediacore.stores import conversation
from mediacore.stores import intake as ledger
from mediacore.testkit import builders, builders_hostile
from tests.engines import av_builders, doc_builders

PHOTO = builders.photo(320, 240)


def states(message: Any) -> list[str]:
    return [f["state"] for f in message["files"]]


def test_message_arrives(stage: Any) -> None:
    """A message with a photo reaches the desk once, with its bytes unchanged, its facts and two previews."""
    stage.provider.files = {"a": PHOTO}
    assert stage.deliver(stage.writes("hello", Remote("a", "../IMG 1.exe", caption="look"))) == 1
    stage.work()
    (notice,) = stage.notices
    assert (notice.kind, notice.inbox, notice.message["text"]) == ("message", "line", "hello")
    (file,) = notice.message["files"]
    assert (file["state"], file["type"], file["caption"]) == ("ready", "image/jpeg", "look")
    assert file["name"] == "IMG 1.jpg"
    assert (file["width"], file["height"]) == (320, 240)
    assert file["sha256"] == hashlib.sha256(PHOTO).hexdigest()
    assert stage.house.blobs.path(file["sha256"]).read_bytes() == PHOTO
    kinds = {r["kind"]: stage.house.blobs.path(r["sha256"]) for r in file["renditions"]}
    assert set(kinds) == {"thumbnail", "preview"}
    assert all(b"Exif" not in path.read_bytes() for path in kinds.values())
    facts = {r["kind"]: r["facts"] for r in file["renditions"]}
    assert 20 <= len(base64.b64decode(facts["thumbnail"]["placeholder"])) <= 30
    assert (facts["preview"]["width"], facts["preview"]["height"]) == (320, 240)


def test_words_beside_the_preview(stage: Any) -> None:
    """A document's first words stand beside its preview; a file without a likeness gets a sheet with its name."""
    stage.provider.files = {"a": b"Dear shop,\n\nwhere is my order?\n", "b": bytes(range(256)) * 20}
    stage.deliver(stage.writes("", Remote("a", "letter.txt"), Remote("b", "what.bin")))
    stage.work()
    letter, odd = stage.messages()[0]["files"]
    told = {r["kind"]: r["facts"]["words"] for r in letter["renditions"]}
    assert told == {"thumbnail": "", "preview": "Dear shop, where is my order?"}
    assert [r["kind"] for r in odd["renditions"]] == ["placeholder"]


@pytest.mark.parametrize(
    "fault",
    [
        Permanent("gone", code="expired"),
        Permanent("too large", code="too-large"),
        Retry("not yet"),
        MediacoreError("odd"),
        ValueError("a fault of the plugin"),
        OSError(errno.ENOSPC, "no space left"),
    ],
    ids=lambda fault: type(fault).__name__ + getattr(fault, "code", ""),
)
def test_text_despite_files(stage: Any, fault: Exception) -> None:
    """Whatever every file fails with, the text reaches the desk at once."""
    stage.provider.files = {"a": fault, "b": fault}
    stage.deliver(stage.writes("important words", Remote("a"), Remote("b")))
    stage.work()
    assert [n.message["text"] for n in stage.notices] == ["important words"]
    assert "ready" not in states(stage.messages()[0])


def test_siblings(stage: Any) -> None:
    """A file that fails takes none of its siblings with it."""
    stage.provider.files = {"a": PHOTO, "b": Permanent("gone", code="expired"), "c": b"plain words", "d": ValueError()}
    stage.deliver(stage.writes("four", *(Remote(n) for n in "abcd")))
    stage.work()
    assert states(stage.notices[0].message) == ["ready", "expired", "ready", "quarantined"]


def test_retry_then_update(stage: Any) -> None:
    """A file that is not there yet stays pending; the desk has the text at once and hears of the file when it came."""
    stage.provider.files = {"a": [Retry("not yet"), Retry("not yet"), PHOTO]}
    stage.deliver(stage.writes("see this", Remote("a")))
    stage.work()
    assert [(n.kind, states(n.message)) for n in stage.notices] == [("message", ["pending"])]
    stage.later()
    assert len(stage.notices) == 1, "nothing changed, so nothing is told"
    stage.later()
    assert [(n.kind, states(n.message)) for n in stage.notices][1:] == [("update", ["ready"])]
    assert stage.waiting() == []
    assert len({n.id for n in stage.notices}) == 2


def test_expiry(stage: Any) -> None:
    """Once the provider no longer serves a file it is expired, with words that say why, and nothing tries again."""
    past = datetime.now(UTC) - timedelta(minutes=1)
    stage.provider.files = {"a": Retry("not there")}
    stage.deliver(stage.writes("late", Remote("a", expires=past)))
    stage.work()
    (file,) = stage.messages()[0]["files"]
    assert file["state"] == "expired"
    assert "could not be fetched in time" in file["error"]
    assert stage.waiting() == []


def test_patience(staged: Any) -> None:
    """Without an expiry the inbox's own patience ends the tries, counted from when the delivery came."""
    stage = staged(Policy(give_up_after=0.0))
    stage.provider.files = {"a": Retry("not there")}
    stage.deliver(stage.writes("hi", Remote("a")))
    stage.work()
    assert states(stage.messages()[0]) == ["expired"]


def test_old_date_is_no_patience(stage: Any) -> None:
    """A message that says it is years old still gets its tries."""
    stage.provider.files = {"a": [Retry("not yet"), PHOTO]}
    stage.deliver(stage.writes("from the past", Remote("a"), sent_at=datetime(2001, 1, 1, tzinfo=UTC)))
    stage.work()
    assert states(stage.messages()[0]) == ["pending"]
    stage.later()
    assert states(stage.messages()[0]) == ["ready"]


@pytest.mark.parametrize(
    "build",
    [
        builders_hostile.polyglot,
        builders_hostile.empty,
        builders_hostile.mislabelled,
        builders_hostile.zip_bomb,
        builders_hostile.docx_bomb,
    ],
)
def test_quarantine(stage: Any, build: Callable[[], builders.File]) -> None:
    """A file that lies, is empty, is a program or a bomb is kept apart, with the reason, and has no preview."""
    file = build()
    stage.provider.files = {"a": file.data, "b": PHOTO}
    stage.deliver(stage.writes("oh", Remote("a", file.name, file.type), Remote("b")))
    stage.work()
    bad, good = stage.notices[0].message["files"]
    assert (bad["state"], good["state"]) == ("quarantined", "ready")
    assert bad["error"]
    assert bad["renditions"] == []


def test_objection(stage: Any, refusing: Finding) -> None:
    """A shared or own validator that refuses a file puts it into quarantine."""
    stage.provider.files, stage.provider.objections = {"a": PHOTO}, [refusing]
    stage.deliver(stage.writes("x", Remote("a")))
    stage.work()
    (file,) = stage.notices[0].message["files"]
    assert (file["state"], file["error"]) == ("quarantined", "a virus is in it")


def test_damaged_picture(stage: Any) -> None:
    """A torso of a picture costs its preview, not the message."""
    file = builders_hostile.truncated()
    stage.provider.files = {"a": file.data}
    stage.deliver(stage.writes("cut", Remote("a", file.name)))
    stage.work()
    assert states(stage.notices[0].message)[0] in ("ready", "quarantined")
    assert stage.notices[0].message["text"] == "cut"


def test_wrong_digest(stage: Any) -> None:
    """Bytes that differ from the provider's digest are noted on the file."""
    stage.provider.files = {"a": PHOTO}
    stage.deliver(stage.writes("x", Remote("a", sha256="0" * 64)))
    stage.work()
    assert [f["code"] for f in stage.messages()[0]["files"][0]["findings"]] == ["digest"]


def test_redacted(staged: Any) -> None:
    """What the policy hides in a customer's picture is painted over before the desk sees it, original kept apart."""
    stage = staged(Policy(redact_inbound=("card",)))
    data = builders.screenshot()
    digest = hashlib.sha256(data).hexdigest()
    stage.provider.files, stage.provider.secrets = {"a": data}, {digest: [Region(0, (5, 30, 200, 60), "card")]}
    stage.deliver(stage.writes("my card", Remote("a")))
    stage.work()
    (file,) = stage.notices[0].message["files"]
    assert file["state"] == "redacted"
    assert digest not in str(stage.notices[0].message["files"][0]["sha256"])
    assert digest not in {r["sha256"] for r in file["renditions"]}
    assert {r["kind"] for r in file["renditions"]} == {"redacted", "thumbnail", "preview"}


def test_what_nobody_can_look_into_says_so(staged: Any) -> None:
    """Sound passes with a note that it was not searched, or is kept back where the inbox's policy says so."""
    sound = av_builders.clip(video="")
    for unsearched, state in (("pass", "ready"), ("refuse", "quarantined")):
        stage = staged(Policy(redact_inbound=("card", "iban"), unsearched=unsearched))
        stage.provider.files = {"a": sound}
        stage.deliver(stage.writes("listen", Remote("a")))
        stage.work()
        (file,) = stage.notices[0].message["files"]
        assert file["state"] == state
        told = [f["message"] for f in file["findings"] if f["code"] == "not-searched"]
        assert told == ["what is said in it was not searched for card numbers and account numbers"]


def test_texts_are_searched_to_the_letter(staged: Any) -> None:
    """A card number in a plain text, a table or a contact is covered, and the rest of it stays as it was."""
    stage = staged(Policy(redact_inbound=("card",)))
    words = "pay:4111 1111 1111 1111;gr\u00fc\u00dfe\n"
    stage.provider.files = {"a": words.encode(), "b": b"a,b\n1,4111111111111111\n"}
    stage.deliver(stage.writes("x", Remote("a", "a.txt"), Remote("b", "b.csv")))
    stage.work()
    files = stage.notices[0].message["files"]
    assert [file["state"] for file in files] == ["redacted", "redacted"]
    full = "\N{FULL BLOCK}"
    texts = [stage.house.blobs.path(file["sha256"]).read_text("utf-8") for file in files]
    assert texts == [f"pay:{' '.join([full * 4] * 4)};gr\u00fc\u00dfe\n", f"a,b\n1,{full * 16}\n"]


def test_office_files_are_searched_and_kept_back(staged: Any) -> None:
    """What must be hidden in the words of an office file cannot be painted over there, so the file is kept back."""
    stage = staged(Policy(redact_inbound=("card",)))
    stage.provider.files = {
        "a": doc_builders.docx(doc_builders.run("my card is 4111 1111 1111 1111")),
        "b": doc_builders.docx(doc_builders.run("no number in here")),
    }
    stage.deliver(stage.writes("x", Remote("a", "a.docx"), Remote("b", "b.docx")))
    stage.work()
    first, second = stage.notices[0].message["files"]
    assert (first["state"], second["state"]) == ("quarantined", "ready")
    assert "card numbers stand in it" in first["error"]
    assert [f["code"] for f in second["findings"]] == ["not-searched"]


def test_cannot_be_redacted(staged: Any) -> None:
    """A file in which something must be hidden but cannot be never reaches the desk as it is."""
    stage = staged(Policy(redact_inbound=("card",)))
    data = b"card 4111 1111 1111 1111"
    stage.provider.files = {"a": data}
    stage.provider.secrets = {hashlib.sha256(data).hexdigest(): [Region(7, (0, 0, 9, 9), "card")]}
    stage.deliver(stage.writes("x", Remote("a", "a.txt")))
    stage.work()
    assert states(stage.notices[0].message)[0] in ("quarantined", "redacted")


def test_duplicates(stage: Any) -> None:
    """A delivery that comes again, as it was or within another one, adds nothing."""
    stage.provider.files = {"a": PHOTO}
    event = stage.writes("once", Remote("a"))
    assert [stage.deliver(event), stage.deliver(event), stage.deliver(event, stage.writes("two", source_id="c-2"))] == [
        1,
        0,
        1,
    ]
    stage.work()
    assert [m["text"] for m in stage.messages()] == ["once", "two"]
    assert len(stage.notices) == 2


def test_duplicates_at_once(stage: Any) -> None:
    """The same delivery from several threads at once is taken by exactly one of them."""
    event, taken = stage.writes("race"), list[int]()
    stage.provider.deliveries[b"same"] = [event]
    barrier = threading.Barrier(4)

    def call() -> None:
        barrier.wait()
        taken.append(intake.accept(stage.house, "line", stage.request(b"same")))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [0, 0, 0, 1]
    stage.work()
    assert len(stage.messages()) == len(stage.notices) == 1


def test_died_while_accepting(stage: Any, killed: type[BaseException]) -> None:
    """A delivery whose taking was cut off left nothing behind, so that the provider's next try is taken whole."""
    event = stage.writes("again")
    stage.ledger.die_at = stage.ledger.passed + 1
    with pytest.raises(killed):
        stage.deliver(event, body=b"d")
    assert stage.messages() == []
    assert stage.waiting() == []
    assert stage.deliver(event, body=b"d") == 1
    stage.work()
    assert [n.message["text"] for n in stage.notices] == ["again"]


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_every_step(stage: Any, killed: type[BaseException], after: bool) -> None:
    """A crash before or after any transaction of the story loses nothing and doubles nothing."""
    for step in range(1, 60):
        stage.notices.clear()
        # new files each time, so that nothing of them is known from before
        photo = builders.photo(160, 120, seed=step)
        stage.provider.files = {"a": [Retry("not yet"), photo], "b": b"words %d" % step}
        stage.deliver(stage.writes("text", Remote("a"), Remote("b", "b.txt"), source_id=f"c-{step}"))
        stage.ledger.die_at, stage.ledger.after = stage.ledger.passed + step, after
        died = False
        try:
            stage.settle()
        except killed:
            died = True
            stage.settle()
        stage.ledger.die_at = 0
        *_, message = stage.messages()
        assert len(stage.messages()) == step
        assert message["source_id"] == f"c-{step}"
        assert states(message) == ["ready", "ready"], step
        told = {n.id: n for n in stage.notices}
        assert states(list(told.values())[-1].message) == ["ready", "ready"], step
        assert [n.kind for n in told.values()].count("message") == 1, step
        if not died:
            return
    raise AssertionError("the story never ended before the crash")


def test_desk_that_fails(stage: Any) -> None:
    """A desk that raises is told again until it takes the notice, under the same id."""
    stage.desk_acts.extend([RuntimeError("down"), OSError("still down")])
    stage.deliver(stage.writes("hello"))
    stage.work()
    assert stage.notices == []
    stage.later(2)
    assert len(stage.notices) == 1
    stage.later(3)
    assert len(stage.notices) == 1


def test_deletion_after(stage: Any) -> None:
    """A message taken back loses its words and its bytes, and the desk hears of it."""
    stage.provider.files = {"a": PHOTO}
    stage.deliver(stage.writes("oops", Remote("a")))
    stage.work()
    digests = [f["sha256"] for f in stage.messages()[0]["files"]]
    digests += [r["sha256"] for f in stage.messages()[0]["files"] for r in f["renditions"]]
    stage.deliver(Deletion("d-1", "c-1"))
    stage.work()
    assert stage.notices[-1].kind == "deletion"
    (message,) = stage.messages()
    assert (message["text"], states(message)) == ("", ["deleted"])
    for digest in digests:
        with pytest.raises(KeyError):
            stage.house.blobs.path(digest)


@pytest.mark.parametrize("late", [False, True])
def test_an_edit_brings_nothing_back(stage: Any, late: bool) -> None:
    """What a customer took back stays away, also where an edit comes after that, or waited for its message."""
    edit = Edit("e-1", "c-1", "oops, again")
    if not late:
        stage.deliver(edit)
    stage.deliver(stage.writes("oops"))
    stage.deliver(Deletion("d-1", "c-1"))
    if late:
        stage.deliver(edit)
    stage.settle()
    assert [m["text"] for m in stage.messages()] == [""]


def test_deletion_before(stage: Any) -> None:
    """A deletion that overtakes its message keeps the message away."""
    stage.deliver(Deletion("d-1", "c-1"))
    stage.deliver(stage.writes("never mind"))
    stage.work()
    assert stage.messages() == []
    assert stage.notices == []


def test_deletion_meanwhile(stage: Any) -> None:
    """A file whose message is taken back while it is fetched is not stored afterwards."""

    def fetched() -> bytes:
        stage.deliver(Deletion("d-1", "c-1"))
        return PHOTO

    stage.provider.files = {"a": fetched}
    stage.deliver(stage.writes("oops", Remote("a")))
    stage.work()
    assert states(stage.messages()[0]) == ["deleted"]
    with pytest.raises(KeyError):
        stage.house.blobs.path(hashlib.sha256(PHOTO).hexdigest())


def test_deletion_spares_others(stage: Any) -> None:
    """The same photo in another message stays when one of them is taken back."""
    stage.provider.files = {"a": PHOTO}
    stage.deliver(stage.writes("one", Remote("a")))
    stage.deliver(stage.writes("two", Remote("a"), source_id="c-2"))
    stage.work()
    stage.deliver(Deletion("d-1", "c-1"))
    stage.work()
    left = next(m for m in stage.messages() if m["text"] == "two")
    assert stage.house.blobs.path(left["files"][0]["sha256"]).read_bytes() == PHOTO


def test_edit_and_reaction(stage: Any) -> None:
    """Edits and reactions change the message they name, once, and the desk is told of each."""
    stage.deliver(stage.writes("helo"))
    edit, reaction = Edit("e-1", "c-1", "hello"), Reaction("r-1", "c-1", Contact("+1555"), "👍")
    stage.deliver(edit, reaction)
    stage.deliver(edit)
    stage.deliver(Edit("e-2", "unknown", "lost"))
    stage.work()
    (message,) = stage.messages()
    assert (message["text"], message["reaction"]) == ("hello", "👍")
    assert [n.kind for n in stage.notices].count("update") == 2
    stage.deliver(Reaction("r-2", "c-1", Contact("+1555"), ""))
    assert stage.messages()[0]["reaction"] == ""


def test_a_change_overtakes_its_message(stage: Any) -> None:
    """An edit and a reaction that come before the message they name are applied once it is there, and told once."""
    stage.deliver(Edit("e-1", "c-1", "hello"), Reaction("r-1", "c-1", Contact("+1555"), "👍"))
    stage.deliver(stage.writes("helo"))
    stage.settle()
    (message,) = stage.messages()
    assert (message["text"], message["reaction"]) == ("hello", "👍")
    assert [n.kind for n in stage.notices].count("update") == 2
    stage.deliver(Edit("e-2", "never came", "hello"))
    stage.settle()
    assert len(stage.messages()) == 1, "an edit of what was written before us is let go in the end"


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_newest_change_stays(stage: Any, order: Any, early: bool) -> None:
    """Edits and reactions that come in another order than they were made leave what the customer did last."""
    moments = [datetime(2026, 3, 1, 12, 0, second, tzinfo=UTC) for second in range(3)]
    edits = [Edit(f"e-{n}", "c-1", f"version {n}", moments[n]) for n in range(3)]
    reactions = [Reaction(f"r-{n}", "c-1", Contact("+1555"), "👍👎"[n : n + 1], moments[n]) for n in range(3)]
    if not early:
        stage.deliver(stage.writes("helo"))
    for n in order:
        stage.deliver(edits[n], reactions[n])
    if early:
        stage.deliver(stage.writes("helo"))
    stage.settle()
    assert [(m["text"], m["reaction"]) for m in stage.messages()] == [("version 2", "")]


def test_what_was_passed_on_is_marked_for_the_desk(stage: Any) -> None:
    """A message that another wrote says so, so that nobody takes its words for the customer's own."""
    stage.deliver(stage.writes("own", source_id="c-1"), stage.writes("passed on", source_id="c-2", forwarded="often"))
    assert [(m["text"], m["forwarded"]) for m in stage.messages()] == [("own", ""), ("passed on", "often")]
    with pytest.raises(ValueError, match="forwarded"):
        stage.writes("odd", forwarded="sometimes")


def test_unsupported(stage: Any) -> None:
    """What the plugin does not know is shown with the provider's word for it and takes no neighbour with it."""
    stage.deliver(Unsupported("u-1", "poll", "a poll cannot be shown", Contact("+1555")), stage.writes("normal"))
    stage.work()
    first, second = stage.messages()
    assert (first["unsupported"], first["text"]) == ("poll", "a poll cannot be shown")
    assert second["text"] == "normal"


def test_unsupported_then_real(stage: Any) -> None:
    """A message whose id came before as something unsupported still arrives."""
    stage.deliver(Unsupported("c-1", "unknown", "not yet known", Contact("+1555")))
    assert stage.deliver(stage.writes("after all"), stage.writes("sibling", source_id="c-2")) == 2
    stage.work()
    assert [m["text"] for m in stage.messages()] == ["not yet known", "after all", "sibling"]


def test_long_ids(stage: Any) -> None:
    """Ids that only begin alike are different messages, however long they are."""
    stage.deliver(stage.writes("one", source_id="x" * 500 + "1"), stage.writes("two", source_id="x" * 500 + "2"))
    assert len(stage.messages()) == 2


def test_forged(stage: Any) -> None:
    """A forged delivery is refused and counted, and nothing of it is stored."""
    with pytest.raises(Refused) as refusal:
        intake.accept(stage.house, "line", stage.request(b"forged", sign="bad"))
    assert refusal.value.status == 403
    assert stage.counts() == {("line", "refused-signature"): 1}
    with pytest.raises(KeyError):
        stage.house.blobs.path(hashlib.sha256(b"forged").hexdigest())


def test_oversized(stage: Any) -> None:
    """A delivery above the inbox's bound is refused with 413 before it is parsed."""
    body = bytes(stage.house.inbox("line").limits.inbound.max_body.value + 1)
    with pytest.raises(Refused) as refusal:
        intake.accept(stage.house, "line", stage.request(body))
    assert refusal.value.status == 413
    assert stage.counts() == {("line", "refused-oversized"): 1}


@pytest.mark.parametrize("body", [b"garbage {", b"a fault of the plugin's own"])
def test_kept_raw(stage: Any, body: bytes) -> None:
    """What cannot be parsed, by the sender's fault or the plugin's, is kept as it came and can be replayed later."""
    assert intake.accept(stage.house, "line", stage.request(body)) == 0
    with stage.house.ledger.begin() as connection:
        (row,) = ledger.kept(connection, "line")
    assert stage.house.blobs.path(row["body"]).read_bytes() == body
    assert row["note"]
    assert stage.counts() == {("line", "kept-raw"): 1}
    with pytest.raises(MediacoreError):
        intake.replay(stage.house, row["id"])
    stage.provider.deliveries[body] = [stage.writes("understood at last")]
    if body.startswith(b"garbage"):
        return
    assert intake.replay(stage.house, row["id"]) == 1
    stage.work()
    assert [n.message["text"] for n in stage.notices] == ["understood at last"]
    with stage.house.ledger.begin() as connection:
        assert ledger.kept(connection) == []
    assert intake.replay(stage.house, row["id"]) == 0


def test_polled_never_lost(stage: Any) -> None:
    """A mail that is refused was fetched by us, so nobody would send it again: it is kept raw."""
    body = bytes(stage.house.inbox("line").limits.inbound.max_body.value + 1)
    request = Request("POLL", "imap://INBOX/1/1", (Header("X-Sign", "good"),), body)
    assert intake.accept(stage.house, "line", request) == 0
    with stage.house.ledger.begin() as connection:
        assert len(ledger.kept(connection)) == 1


def test_halted(stage: Any) -> None:
    """Lost credentials stop the inbox; the text is told all the same, and the files come once it is resumed."""
    stage.provider.files = {"a": [AuthNeeded("sign in again"), PHOTO]}
    stage.deliver(stage.writes("text first", Remote("a")))
    stage.deliver(stage.writes("second", Remote("a"), source_id="c-2"))
    stage.work()
    assert sorted(n.message["text"] for n in stage.notices) == ["second", "text first"]
    with stage.house.ledger.begin() as connection:
        assert ledger.halted(connection, "line") == "sign in again"
    stage.later(3)
    assert {s for m in stage.messages() for s in states(m)} == {"pending"}
    with stage.house.ledger.begin() as connection:
        ledger.resume(connection, "line")
    stage.settle()
    assert {s for m in stage.messages() for s in states(m)} == {"ready"}


def test_sandbox_gives_up(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that even the first look cannot survive is quarantined, and its message arrives."""
    from mediacore.engines.operation import Unusable
    from mediacore.sandbox import Bench

    def crash(*_: object) -> None:
        raise Unusable("crashed", "The file stopped the worker.")

    monkeypatch.setattr(Bench, "sniff", crash)
    stage.provider.files = {"a": PHOTO}
    stage.deliver(stage.writes("still here", Remote("a")))
    stage.work()
    (file,) = stage.notices[0].message["files"]
    assert (file["state"], file["error"]) == ("quarantined", "The file stopped the worker.")


def test_full_disk_meanwhile(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full while files are stored delays them; when there is room again they arrive."""
    keep = type(stage.house.blobs).keep
    full = [True]

    def brittle(blobs: Any, path: Any, sha256: str = "") -> str:
        if full[0]:
            raise OSError(errno.ENOSPC, "no space left on device")
        return str(keep(blobs, path, sha256))

    monkeypatch.setattr(type(stage.house.blobs), "keep", brittle)
    stage.provider.files = {"a": PHOTO}
    stage.deliver(stage.writes("kept", Remote("a")))
    stage.work()
    assert states(stage.notices[0].message) == ["pending"]
    full[0] = False
    stage.settle()
    assert states(stage.messages()[0]) == ["ready"]


def test_threads(stage: Any) -> None:
    """A reply joins the conversation of what it answers, by its target or its references, else by its writer."""
    stage.deliver(stage.writes("first", conversation="thread-9"))
    stage.deliver(stage.writes("second", source_id="c-2", reply_to="c-1"))
    stage.deliver(stage.writes("third", source_id="c-3", references=("unknown", "c-2")))
    stage.deliver(stage.writes("fourth", source_id="c-4"))
    with stage.house.ledger.begin() as connection:
        found = conversation.select_messages(connection)
    assert [row["conversation"] for row in found] == ["thread-9"] * 3 + ["+1555"]


def test_a_name_that_comes_with_the_bytes(stage: Any) -> None:
    """Where the delivery has no name for a file, the one that came with the bytes is shown; else the delivery's."""
    stage.provider.files = {"a": PHOTO, "b": PHOTO}
    stage.provider.names = {"a": "from the download.jpg", "b": "other.jpg"}
    stage.deliver(stage.writes("two", Remote("a"), Remote("b", "holiday.jpg")))
    stage.work()
    assert [f["name"] for f in stage.messages()[0]["files"]] == ["from the download.jpg", "holiday.jpg"]


def test_the_channel_s_word_for_a_file(stage: Any) -> None:
    """A voice note or a sticker is shown as such to the desk, whatever its type."""
    stage.provider.files = {"a": PHOTO}
    stage.deliver(stage.writes("look", Remote("a", sort="sticker")))
    stage.work()
    assert [f["sort"] for f in stage.messages()[0]["files"]] == ["sticker"]


def test_deletion_takes_the_delivery_too(stage: Any) -> None:
    """The words of a message that was taken back are not left in the delivery either, unless it told of others too."""
    stage.provider.files = {"a": PHOTO}
    one, others = b'{"text": "my secret"}', b'{"texts": ["one", "two"]}'
    stage.deliver(stage.writes("my secret", Remote("a")), body=one)
    stage.deliver(stage.writes("one", source_id="c-2"), stage.writes("two", source_id="c-3"), body=others)
    stage.work()
    for target in ("c-1", "c-2", "c-1"):
        stage.deliver(Deletion(f"d-{target}", target))
    stage.work()
    assert sorted(m["text"] for m in stage.messages()) == ["", "", "two"]
    with pytest.raises(KeyError):
        stage.house.blobs.path(hashlib.sha256(one).hexdigest())
    assert stage.house.blobs.path(hashlib.sha256(others).hexdigest()).read_bytes() == others


def test_words_that_travel_as_a_file(stage: Any) -> None:
    """A piece of text that came as a file joins the message's words, once; the file stays beside them."""
    stage.provider.files = {"a": "\ufeffand the r\u00e9st ".encode(), "b": b"hello", "c": PHOTO, "d": b"x " * 20_000}
    stage.deliver(stage.writes("hello", *(Remote(name, sort="words") for name in "abcd")))
    stage.work()
    (notice,) = stage.notices
    assert notice.message["text"] == "hello\nand the r\u00e9st"
    assert states(notice.message) == ["ready"] * 4


def test_words_that_travel_as_a_file_keep_what_was_hidden(staged: Callable[..., Any]) -> None:
    """Where the inbox's policy paints something over in such a piece, it is not shown in the words either."""
    stage = staged(Policy(redact_inbound=("card",)))
    data = b"pay with 4111 1111 1111 1111 please"
    stage.provider.files = {"a": data}
    stage.provider.secrets = {hashlib.sha256(data).hexdigest(): [Region(0, (9, 0, 28, 1), "card")]}
    stage.deliver(stage.writes("hello", Remote("a", sort="words")))
    stage.work()
    text = stage.messages()[0]["text"]
    assert "4111" not in text
    assert text.startswith("hello\npay with")
