"""The attachments of an Instagram message: which are files, which are links, and which cannot be shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from attrs import frozen

from mediacore import Remote

MEDIA_HOSTS: Final = ("lookaside.fbsbx.com", "fbcdn.net", "cdninstagram.com")
"""Where Meta serves customers' files from, each with everything below it."""
MEDIA: Final = ("audio", "file", "image", "video")
"""Files that the customer sent. An ``image`` may be a video's MP4: only the bytes tell."""
SHARES: Final = ("share", "reel", "ig_reel", "ig_post")
STORIES: Final = ("story_mention", "ig_story")
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
    kinds: dict[str, list[str]] = {}
    urls: dict[str, str] = {}
    for number, item in enumerate(items):
        kind, url = _kind(item), _url(item)
        key = _asset(url) or url or f"{number}"
        kinds.setdefault(key, []).append(kind)
        urls.setdefault(key, url)
    remotes: list[Remote] = []
    notes: list[str] = []
    unknown: list[str] = []
    for key, named in kinds.items():
        url, known = urls[key], [k for k in named if k in (*MEDIA, *SHARES, *STORIES)]
        kind = known[0] if known else named[0]
        notes.extend(NOTES[k] for k in known if k in NOTES)
        if url and (kind in MEDIA or served(url, hosts)):
            story = any(k in STORIES for k in named)
            sort = "story" if story else "sticker" if "sticker" in named else ""
            expires = at + STORY_LIFE if at and story else None
            remotes.append(Remote(url, expires=expires, sort=sort, extra={"kind": kind}))
        elif url:
            notes.append(f"[{kind}: {url}]")
        if not known or not url:
            unknown.append(kind)
    return Found(tuple(remotes), tuple(dict.fromkeys(notes)), unknown[0] if unknown else "")


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
    payload = item.get("payload") if isinstance(item, dict) else None
    url = payload.get("url") if isinstance(payload, dict) else None
    # An address is ASCII without blanks; anything else is no address of Meta's and could not be asked for either.
    return url if isinstance(url, str) and url.isascii() and url.isprintable() and " " not in url else ""


def _asset(url: str) -> str:
    """The asset id in an address of Meta's; the rest of it is a signature that differs from copy to copy."""
    try:
        found = parse_qs(urlsplit(url).query).get("asset_id", [])
    except ValueError:
        return ""
    return f"asset_id={found[0]}" if found else ""
