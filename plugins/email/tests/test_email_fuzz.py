"""Mails of any shape: of what a program builds no file is lost, and reading what is broken ends and stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from mediacore_email import wire_in

from mediacore import Request

US = "help@shop.example"
BOUNDARIES = st.text("abc'()+_,-./:=?019", min_size=1, max_size=40)


@frozen
class Leaf:
    """A file, or with no name a text."""

    name: str
    head: str
    body: bytes


@frozen
class Tree:
    """A multipart.

    Args:
        kind: its subtype.
        children: in order.
        boundary: its own; empty to use its parent's.
        preamble, epilogue: what stands around its parts.
    """

    kind: str
    children: Sequence[Leaf | Tree]
    boundary: str
    preamble: bytes = b""
    epilogue: bytes = b""


LEAVES = st.builds(
    Leaf,
    st.sampled_from(["", "f.pdf", "é.txt"]),
    st.sampled_from(
        [
            "Content-Type: application/pdf; name={}",
            "Content-Disposition: attachment; filename={}",
            "Content-Type: image/png\nContent-Disposition: inline;\n filename={}",
        ]
    ),
    st.sampled_from([b"x", b"", b"--", b"two\nlines\n", b"-- \nsigned", b"Content-Type: text/plain\n\nquoted"]),
)
NOISE = st.sampled_from([b"", b"This is MIME.\n", b"-- \n", b"--x--\n", b"\n\n"])
TREES: st.SearchStrategy[Leaf | Tree] = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        Tree,
        st.sampled_from(["mixed", "related", "alternative", "report", "x-new"]),
        st.lists(inner, min_size=1, max_size=4),
        st.just("") | BOUNDARIES,
        NOISE,
        NOISE,
    ),
    max_leaves=12,
)


@frozen
class Writer:
    """Writes a tree down, each file under a name of its own."""

    names: list[str]

    def write(self, part: Leaf | Tree, outer: str) -> bytes:
        """One entity, with its header."""
        if isinstance(part, Leaf):
            if not part.name:
                return b"Content-Type: text/plain\n\nwords\n"
            self.names.append(f"{len(self.names)}-{part.name}")
            return part.head.format(self.names[-1]).encode() + b"\n\n" + part.body + b"\n"
        # a boundary that begins like another's would be that other's delimiter (RFC 2046 5.1.2)
        boundary = outer if outer and not part.boundary else f"{len(self.names)}.{part.boundary}.{outer}"[:60] + "_"
        mark = b"--" + boundary.encode()
        inside = b"".join(mark + b"\n" + self.write(child, boundary) for child in part.children)
        head = f'Content-Type: multipart/{part.kind};\n boundary="{boundary}"\n\n'.encode()
        return head + part.preamble + inside + mark + b"--\n" + part.epilogue


@given(TREES, st.sampled_from([b"\r\n", b"\n", b"\r"]))
@settings(max_examples=300, deadline=None)
def test_no_file_is_lost(tree: Leaf | Tree, end: bytes) -> None:
    """Every file of a sound mail is found, once, whatever stands around it and whoever's boundary is used again."""
    writer = Writer([])
    raw = (b"From: kim@x.example\n" + writer.write(tree, "")).replace(b"\n", end)
    (event,) = wire_in.events(Request("POLL", "u", body=raw), US)
    assert sorted(r.name for r in getattr(event, "remotes", ())) == sorted(writer.names)


@given(TREES, st.data())
@settings(max_examples=150, deadline=None)
def test_broken_mails_cost_bounded_steps(steps: Callable[..., int], tree: Leaf | Tree, data: st.DataObject) -> None:
    """A mail from which pieces were cut, or moved elsewhere in it, gives events whose files can all be read."""
    raw = bytearray(b"From: kim@x.example\r\n" + Writer([]).write(tree, ""))
    for _ in range(data.draw(st.integers(1, 6))):
        start, length, to = (data.draw(st.integers(0, len(raw))) for _ in range(3))
        piece = raw[start : start + length % 200]
        del raw[start : start + length % 200]
        raw[to:to] = piece * data.draw(st.integers(0, 3))
    assert steps(_read, bytes(raw)) < 200_000


def test_broken_real_mails(corpus: list[Path], steps: Callable[..., int]) -> None:
    """Real odd mails cut off at any place, or without their middle, are read in bounded steps."""
    for path in corpus:
        raw = path.read_bytes()
        for share in (0.1, 0.35, 0.6, 0.85):
            cut = int(len(raw) * share)
            for broken in (raw[:cut], raw[: cut // 2] + raw[cut:], raw[cut:]):
                assert steps(_read, broken) < 200_000, (path.name, share)


def _read(raw: bytes) -> None:
    request = Request("POLL", "u", body=raw)
    for event in wire_in.events(request, US):
        for remote in getattr(event, "remotes", ()):
            assert sum(map(len, wire_in.file(raw, remote.ref))) <= max(len(raw), 1)
