"""The demo's story: customers write, the desk sees, an agent answers, the customers look at what they got."""

from __future__ import annotations

import mimetypes
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from mediacore.errors import MediacoreError
from mediacore.plan import Plan
from mediacore.runner.demo import checks, samples
from mediacore.runner.demo.stage import Stage
from mediacore.runner.site import FileToSend, Site

FINAL = {"instagram": ("read",)}
"""How far a status must come, where it is not ``delivered`` or ``read``: Instagram reports no delivery."""
PATIENCE = 150.0
"""Seconds in which a message must have arrived; generous, since the runner may be killed meanwhile."""


@frozen
class Cast:
    """Who sends what.

    Args:
        customer: files that customers send.
        agent: files and captions that the agent answers with.
        secret: whether the agent's files hold a card number that must not arrive.
    """

    customer: Sequence[Path]
    agent: Sequence[tuple[Path, str]]
    secret: bool = False


def own_cast(folder: Path) -> Cast:
    """The demo's own files."""
    folder.mkdir(parents=True, exist_ok=True)
    theirs = [
        samples.photo(folder / "IMG_2231.jpg", seed=11),
        samples.screenshot(folder / "Screenshot 12 March.png", card="**** 1111"),
        samples.label(folder / "invoice.pdf"),
    ]
    agents = [
        (samples.photo(folder / "replacement.jpg"), "Here is your replacement, packed today."),
        (samples.label(folder / "return label.pdf"), "Your return label, two pages."),
        (samples.screenshot(folder / "refund.png"), "And this is your refund."),
    ]
    return Cast(theirs, agents, secret=True)


def users_cast(folder: Path) -> Cast:
    """The user's own files, the same both ways."""
    files = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    if not files:
        raise MediacoreError(f"there is no file in {folder}", code="empty")
    return Cast(files, [(p, f"Here is {p.stem}.") for p in files])


@define
class Outcome:
    """What the demo saw.

    Args:
        verdict: promises held and broken.
        rows: the summary table's rows.
        arrived: every file that reached a customer, by channel.
    """

    verdict: checks.Verdict = field(factory=checks.Verdict)
    rows: list[tuple[str, ...]] = field(factory=list)
    arrived: list[tuple[str, list[checks.Seen]]] = field(factory=list)


def play(
    stage: Stage, site: Site, cast: Cast, say: Callable[[str], None], show: Callable[[Plan, Sequence[str]], None]
) -> Outcome:
    """Play the whole story.

    Args:
        stage: providers and runner.
        site: the desk's view of the running site.
        cast: who sends what.
        say: told what happens.
        show: shown every plan, with the files' names.
    """
    outcome = Outcome()
    sent = [(p.name, _mime(p), p.read_bytes()) for p in cast.customer]
    words = {name: f"Hello, this came today. ({name})" for name in stage.wanted}
    for name in stage.wanted:
        say(f"{name}: the customer writes with {len(sent)} files")
        stage.writes(name, words[name], sent)
    answers: dict[str, str] = {}
    for name in stage.wanted:
        arrived = _arrived(site, name, len(sent))
        checks.inbound(site, name, arrived, sent, words[name], outcome.verdict)
        say(f"{name}: the desk has {sum(len(m['files']) for m in arrived)} files, each with its preview")
        answers[name] = _answer(site, name, cast, arrived[-1]["id"], show)
        say(f"{name}: the agent's answer is on its way")
    reader = checks.CardReader(site, site.house.blobs.scratch())
    for name in stage.wanted:
        _judge(stage, site, name, answers[name], cast, reader, outcome)
        say(f"{name}: {outcome.rows[-1][-1]}")
    return outcome


def _mime(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _until(look: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:  # noqa: ANN401 - what look gives
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found is not None:
            return found
        time.sleep(0.2)
    raise MediacoreError(f"{what} did not happen within {seconds:.0f} s", code="timeout")


def _arrived(site: Site, name: str, count: int) -> list[dict[str, Any]]:
    """The customer's messages once all files are settled; some providers make a message of each file."""

    def look() -> list[dict[str, Any]] | None:
        found = site.messages(inbox=name, direction="inbound")
        files = [f for shown in found for f in shown["files"]]
        return found if len(files) >= count and all(f["state"] != "pending" for f in files) else None

    found: list[dict[str, Any]] = _until(look, f"{name}: the customer's files reaching the desk")
    return found


def _answer(site: Site, name: str, cast: Cast, message: str, show: Callable[[Plan, Sequence[str]], None]) -> str:
    files = [FileToSend(path, caption) for path, caption in cast.agent]
    show(site.explain(name, files, "Thank you for writing."), [p.name for p, _ in cast.agent])
    return site.send(name, "", "Thank you for writing.", files, answer=message, key=f"demo-{name}")


def _judge(
    stage: Stage, site: Site, name: str, answer: str, cast: Cast, reader: checks.CardReader, outcome: Outcome
) -> None:
    verdict, wanted = outcome.verdict, FINAL.get(name, ("delivered", "read"))
    shown = _until(lambda: _taken(site, answer), f"{name}: the provider taking the answer")
    received = _until(lambda: _received(stage, name, shown), f"{name}: the customer's device showing all", 60)
    if name == "instagram":  # it reports no delivery, only that a message was read
        for message in received:
            stage.simulators[name].read(stage.customer(name), message.source_id)
    shown = _until(lambda: _settled(site, answer, wanted), f"{name}: the status reaching {wanted[0]}")
    verdict.say(shown["status"] in wanted, f"{name}: the status rises to {shown['status']}", shown["error"])
    words = ["Thank you for writing.", *(caption for _, caption in cast.agent)]
    seen = checks.outbound(site.house.inbox(name).limits, shown, received, words, verdict)
    if cast.secret:
        readable = sum(reader.cards(s) for s in seen)
        verdict.say(readable == 0, f"{name}: the card number cannot be read by the customer", f"{readable} readable")
    names = [path.name for path, _ in cast.agent]
    actions = ", ".join(f"{names[s['attachment']]}: {s['action']}" for s in (shown["plan"] or {"steps": []})["steps"])
    files = ", ".join(f"{s.type.partition('/')[2]} {s.size / 1000:,.0f} KB" for s in seen)
    outcome.rows.append((name, str(len(shown["parts"])), actions, files, shown["status"]))
    outcome.arrived.append((f"{name}: {len(received)} message(s), {shown['status']}", seen))


def _taken(site: Site, answer: str) -> Mapping[str, Any] | None:
    """The answer once every part of it is with the provider, or it has failed."""
    shown = site.message(answer)
    taken = bool(shown["parts"]) and all(p["state"] == "accepted" for p in shown["parts"])
    return shown if taken or shown["status"] == "failed" else None


def _settled(site: Site, answer: str, wanted: Sequence[str]) -> Mapping[str, Any] | None:
    shown = site.message(answer)
    return shown if shown["status"] in (*wanted, "failed") else None


def _received(stage: Stage, name: str, shown: Mapping[str, Any]) -> list[Any] | None:
    found = stage.devices(name).all()
    return found if len(found) >= len(shown["parts"]) or shown["status"] == "failed" else None
