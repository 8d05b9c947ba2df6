"""Files that are uploaded ahead of their message, through a linked Page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from mediacore_instagram import uploads
from mediacore_instagram.simulator import InstagramSimulator, page

from mediacore import Attachment, ConfigError, Inbox, MediacoreError, Outgoing, Permanent, Retry, Uploaded
from mediacore.testkit import Act

Attach = Callable[..., Attachment]
Out = Callable[..., Outgoing]
Mounting = Callable[[dict[str, Any]], Inbox]


@pytest.fixture
def meta() -> Iterator[InstagramSimulator]:
    """A simulated Instagram behind a Page."""
    with page() as simulator:
        yield simulator


@pytest.fixture
def paged(meta: InstagramSimulator, mounting: Mounting) -> Inbox:
    """An inbox that goes through the Page."""
    return mounting(meta.settings())


def uploaded(inbox: Inbox, file: Attachment) -> Attachment:
    """The file as ``send`` gets it, with no address of ours."""
    brought = inbox.upload(file)
    assert isinstance(brought, Uploaded)
    return evolve(file, uploaded=brought.id, url="")


@pytest.mark.parametrize(
    "mime",
    ["image/png", "image/jpeg", "application/pdf", "audio/mp4", "audio/aac", "audio/wav", "video/mp4", "video/webm"],
)
def test_every_sort_goes_by_bytes(
    meta: InstagramSimulator, paged: Inbox, outgoing: Out, attach: Attach, samples: dict[str, bytes], mime: str
) -> None:
    """A file that is uploaded arrives byte for byte, although nobody can fetch anything from us."""
    paged.send(outgoing("", uploaded(paged, attach(samples[mime], mime, "a.bin"))))
    (got,) = meta.devices.wait(1)
    assert [f.data for f in got.files] == [samples[mime]]


def test_uploads_and_addresses_share_a_message(
    meta: InstagramSimulator, paged: Inbox, outgoing: Out, attach: Attach, samples: dict[str, bytes]
) -> None:
    """Pictures by id and by address can be mixed, in order."""
    first, second = attach(samples["image/png"], "image/png", "a.png"), attach(samples["image/jpeg"], "image/jpeg")
    paged.send(outgoing("", uploaded(paged, first), second))
    (got,) = meta.devices.wait(1)
    assert [f.data for f in got.files] == [samples["image/png"], samples["image/jpeg"]]


@pytest.mark.parametrize(
    "name", ["R\u00fcckgabe.pdf", "\u8acb\u6c42.pdf", "a b (1).pdf", "\u65e5\u672c", "..pdf", "x.p\u00e4f"]
)
def test_pain_14_a_name_that_is_not_ascii_is_uploaded_all_the_same(
    meta: InstagramSimulator, paged: Inbox, outgoing: Out, attach: Attach, samples: dict[str, bytes], name: str
) -> None:
    """Meta refuses names that are not ASCII, so the file goes under one that is."""
    file = evolve(attach(samples["application/pdf"], "application/pdf"), name=name)
    paged.send(outgoing("", uploaded(paged, file)))
    (got,) = meta.devices.wait(1)
    assert got.files[0].name.isascii()
    assert got.files[0].name.endswith(".pdf") == name.endswith(".pdf")


@given(st.text(max_size=60))
def test_any_name_becomes_plain(name: str) -> None:
    """Whatever a file is called, the name at Meta is plain ASCII and not empty; a plain name stays as it is."""
    made = uploads.plain(name)
    assert made
    assert made.isascii()
    assert set(made) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
    assert uploads.plain(made) == made


def test_what_a_page_does_not_take_by_bytes_goes_by_its_address(
    meta: InstagramSimulator, paged: Inbox, attach: Attach, samples: dict[str, bytes]
) -> None:
    """Where Meta takes no bytes, a file with an address is left to ``send``, and one without is refused in words."""
    meta.graph.uploads.by_bytes = False
    file = attach(samples["image/png"], "image/png")
    assert paged.upload(file) is None
    with pytest.raises(Permanent, match="100-2534015"):
        paged.upload(evolve(file, url=""))


@pytest.mark.parametrize(
    ("mime", "kind", "size", "code"),
    [
        ("image/png", "image/png", 8_000_001, "100-2018109"),
        ("video/mp4", "video/mp4", 25_000_001, "100-2018109"),
        ("image/gif", "image/gif", 0, "100-2018047"),
        ("image/png", "image/jpeg", 0, "100-2018047"),
    ],
)
def test_what_meta_refuses_at_upload(
    paged: Inbox, attach: Attach, samples: dict[str, bytes], mime: str, kind: str, size: int, code: str
) -> None:
    """Too large, of a type that is not taken, or not what it says: refused with Meta's code."""
    file = attach(samples[mime].ljust(size, b"\0"), kind)
    with pytest.raises(Permanent) as refused:
        paged.upload(evolve(file, url=""))
    assert refused.value.code == code


def test_an_id_that_is_not_this_accounts(
    paged: Inbox, outgoing: Out, attach: Attach, samples: dict[str, bytes]
) -> None:
    """An unknown id, and one that was uploaded as another sort, are refused; the agent is told to send it again."""
    film = uploaded(paged, attach(samples["video/mp4"], "video/mp4"))
    picture = attach(samples["image/png"], "image/png")
    for wrong in ("1", film.uploaded):
        with pytest.raises(Permanent, match="send the file again") as refused:
            paged.send(outgoing("", evolve(picture, uploaded=wrong)))
        assert refused.value.code == "100-2018074"


@pytest.mark.parametrize(("act", "code"), [(Act.ERROR, "2"), (Act.THROTTLE, "613"), (Act.DROP_AFTER, "")])
def test_a_lost_upload_is_simply_done_again(
    meta: InstagramSimulator, paged: Inbox, attach: Attach, samples: dict[str, bytes], act: Act, code: str
) -> None:
    """An upload may happen twice, so even a lost answer only means to try again."""
    meta.mischief.plan(act, where="upload")
    file = attach(samples["image/png"], "image/png")
    with pytest.raises(Retry) as lost:
        paged.upload(file)
    assert lost.value.code == code
    assert isinstance(paged.upload(file), Uploaded)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"attachment_id": 7}', b'{"attachment_id": ""}', b"[" * 99_999])
def test_an_answer_without_an_id_is_tried_again(body: bytes) -> None:
    """A success that names no id is of no use, and an upload may be repeated."""
    with pytest.raises(Retry, match="no id"):
        uploads._id(body)


def test_only_a_page_has_a_place_for_files(
    simulator: InstagramSimulator, live: Inbox, mounting: Mounting, attach: Attach, samples: dict[str, bytes]
) -> None:
    """Instagram Login takes addresses only: nothing is uploaded, and Meta's API would refuse it."""
    assert live.limits.message.fetched
    assert live.upload(attach(samples["image/png"], "image/png")) is None
    paged = mounting(simulator.settings() | {"product": "page"})
    assert not paged.limits.message.fetched
    with pytest.raises(Permanent) as refused:
        paged.upload(evolve(attach(samples["image/png"], "image/png"), url=""))
    assert refused.value.code == "100-33"
    with pytest.raises(ConfigError, match="only a Page"):
        mounting(simulator.settings() | {"profile": "page"})


def test_the_products_answer_under_their_own_ids(meta: InstagramSimulator, mounting: Mounting, outgoing: Out) -> None:
    """A Page's token is no key to the Instagram account's own node."""
    with pytest.raises(MediacoreError, match="190"):
        mounting(meta.settings() | {"product": "login"}).send(outgoing("x"))
