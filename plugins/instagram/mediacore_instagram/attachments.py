"""The attachments of an Instagram message: which are files, which are links, and which cannot be shown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from attrs import define, field, frozen

from mediacore import Remote
from mediacore_instagram.fields import each, table, text

MEDIA_HOSTS: Final = ("lookaside.fbsbx.com", "fbcdn.net", "cdninstagram.com")
"""Where Meta serves customers' files from, each with everything below it."""
MEDIA: Final = ("audio", "file", "image", "sticker", "video")
"""Files that the customer sent. An ``image`` may be a video's MP4: only the bytes tell."""
SHARES: Final = ("share", "reel", "ig_reel", "ig_post", "fallback")
STORIES: Final = ("story_mention", "ig_story")
ASSETS: Final = ("sticker_id", "ig_post_media_id", "reel_video_id")
"""Where a payload names what it shows; the id in an address of Meta's is the same (recorded payloads of 2025)."""
NOTES: Final = {"story_mention": "[mentioned you in their story]"}
STORY_LIFE: Final = timedelta(hours=24)
"""A story's address dies with the story (https://github.com/airyhq/airy/issues/2229, 2021-08)."""


@frozen
class Found:
    """What a message's attachments are.

    Args:
        remotes: files to fetch, in order, each once.
        notes: words for what is no file, such as the address of a shared post.
        unsupported: Meta's word for the first thing that cannot be shown; empty for none.
    """

    remotes: tuple[Remote, ...] = ()
    notes: tuple[str, ...] = ()
    unsupported: str = ""


def gather(items: Sequence[Any], hosts: Sequence[str], at: datetime | None) -> Found:
    """Sort the attachments of one message.

    One shared post may come as ``share`` and ``ig_post``, one sticker as ``image`` and ``sticker``
    (https://github.com/chatwoot/chatwoot/pull/12992, .../14793): what has one address or one asset id is one file.

    Args:
        items: the raw attachments.
        hosts: where Meta serves files from.
        at: when the message was sent.
    """
    things: dict[str, _Thing] = {}
    for number, item in enumerate(items):
        url = _url(item)
        thing = things.setdefault(_asset(item, url) or url or f"{number}", _Thing())
        thing.kinds.append(_kind(item))
        thing.url, thing.title = thing.url or url, thing.title or _title(item)
    remotes = [remote for thing in things.values() if (remote := thing.remote(hosts, at))]
    notes = [note for thing in things.values() for note in thing.notes(hosts)]
    unknown = [thing.kind for thing in things.values() if thing.hidden]
    return Found(tuple(remotes), tuple(dict.fromkeys(notes)), unknown[0] if unknown else "")


@define
class _Thing:
    """One thing in a message, under all the names that it came by."""

    kinds: list[str] = field(factory=list)
    url: str = ""
    title: str = ""

    @property
    def known(self) -> list[str]:
        return [kind for kind in self.kinds if kind in (*MEDIA, *SHARES, *STORIES)]

    @property
    def kind(self) -> str:
        return (self.known or self.kinds)[0]

    @property
    def hidden(self) -> bool:
        """Whether something of it cannot be shown."""
        return not self.known or not (self.url or self.title)

    def fetched(self, hosts: Sequence[str]) -> bool:
        return bool(self.url) and (self.kind in MEDIA or served(self.url, hosts))

    def remote(self, hosts: Sequence[str], at: datetime | None) -> Remote | None:
        if not self.fetched(hosts):
            return None
        story = any(kind in STORIES for kind in self.kinds)
        sort = "story" if story else "sticker" if "sticker" in self.kinds else ""
        expires = at + STORY_LIFE if at and story else None
        return Remote(self.url, expires=expires, sort=sort, extra={"kind": self.kind})

    def notes(self, hosts: Sequence[str]) -> Iterator[str]:
        """Words for what the file does not show: what it is, what it is called, where it lies."""
        yield from (NOTES[kind] for kind in self.known if kind in NOTES)
        told = " ".join(filter(None, (self.title, "" if self.fetched(hosts) else self.url)))
        if told:
            yield f"[{self.kind}: {told}]"


def served(url: str, hosts: Sequence[str]) -> bool:
    """Whether an address is on one of Meta's file hosts, or below one at a dot (``fbcdn.net.evil.com`` is not)."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if f"{parts.scheme}://{parts.netloc}" in hosts:
        return True
    return parts.scheme == "https" and any(host == h or host.endswith("." + h) for h in hosts if "://" not in h)


def _kind(item: object) -> str:
    kind = item.get("type") if isinstance(item, dict) else None
    return kind if isinstance(kind, str) and kind.isprintable() and 0 < len(kind) <= 80 else "attachment"


def _url(item: object) -> str:
    outer = table(item)
    url = table(outer.get("payload")).get("url") or outer.get("url")
    # An address is ASCII without blanks; anything else is no address of Meta's and could not be asked for either.
    return url if isinstance(url, str) and url.isascii() and url.isprintable() and " " not in url else ""


def _title(item: object) -> str:
    """What a shared post, a link or a place is called; of a product, what stands on its card."""
    outer = table(item)
    payload = table(outer.get("payload"))
    cards = [card for form in ("product", "generic") for card in each(table(payload.get(form)).get("elements"))]
    lines = [text(payload.get("title")) or text(outer.get("title"))]
    lines += [text(table(card).get(name)) for card in cards for name in ("title", "subtitle")]
    return ", ".join(filter(None, lines))


def _asset(item: object, url: str) -> str:
    """The id of what is shown; the rest of an address is a signature that differs from copy to copy."""
    payload = table(table(item).get("payload"))
    try:
        found = parse_qs(urlsplit(url).query).get("asset_id", [])
    except ValueError:
        found = []
    named = [*found, *(text(payload.get(name)) for name in ASSETS)]
    return next((f"asset {id_}" for id_ in named if id_), "")
