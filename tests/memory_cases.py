"""What the trusted process does with one large file, each in a process of its own that tells how much it grew.

``python -m tests.memory_cases CASE FOLDER URL#SMTP_PORT`` prints the most bytes that it held above what it held before.
"""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx2 as httpx
from mediacore_email import EmailChannel
from mediacore_whatsapp.graph import Graph

from mediacore import Attachment, Contact, Media, Outgoing
from mediacore.calls import download
from mediacore.runner.config import SiteSettings, from_tables
from mediacore.runner.edge import InboxHost, application
from mediacore.runner.site import Site
from mediacore.sandbox import Bench, Sandbox
from mediacore.stores.blobs import Blobs, digest_of
from mediacore.testkit.server import Server

MIB = 1 << 20


def grown(work: Callable[[], object]) -> int:
    """The most memory that this process held while it worked, above what it held before, in bytes."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # proc(5): resets the high-water mark
    before = _status("VmRSS")
    work()
    return _status("VmHWM") - before


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


def _put(folder: Path, _url: str) -> int:
    blobs, chunk = Blobs(folder / "blobs"), bytes(MIB)
    blobs.put([b"warm"])
    return grown(lambda: blobs.put(chunk for _ in range(120)))


def _keep(folder: Path, _url: str) -> int:
    blobs = Blobs(folder / "blobs")
    blobs.put([b"warm"])
    return grown(lambda: blobs.keep(folder / "large"))


def _engines(folder: Path, _url: str) -> int:
    """Sniffed and probed by a child, and stripped into a copy as large."""
    small, large = folder / "small", folder / "large"
    small.write_bytes(b"warm")

    def work(path: Path) -> None:
        bench.sniff(path, "a.txt")
        bench.probe(path, "text/plain")
        assert bench.strip(Media(path, "text/plain", path.stat().st_size, "")).stat().st_size == path.stat().st_size

    with Sandbox(workers=1) as sandbox:
        bench = Bench(sandbox, folder / "bench")
        work(small)
        return grown(lambda: work(large))


def _download(folder: Path, url: str) -> int:
    with httpx.Client(trust_env=False, timeout=120) as client:

        def bring(mib: int) -> None:
            download(client, f"{url}/{mib}", folder / "in", hosts=(url,), max_bytes=200 * MIB)
            assert (folder / "in").stat().st_size == mib * MIB

        bring(1)
        return grown(lambda: bring(120))


def _whatsapp(folder: Path, url: str) -> int:
    """Uploaded as a form of several parts."""
    small = folder / "small"
    small.write_bytes(bytes(MIB))
    with httpx.Client(trust_env=False, timeout=120) as client:
        graph = Graph(client, url, "1", "token", (url,), MIB)

        def upload(path: Path) -> None:
            media = Media(path, "video/mp4", path.stat().st_size, "")
            assert graph.upload(Attachment(media, "film.mp4")).id == str(path.stat().st_size // MIB)

        upload(small)
        return grown(lambda: upload(folder / "large"))


def _site(folder: Path) -> Site:
    table = {"channel": "webchat", "secret": "s" * 32}
    settings = SiteSettings(public_url="http://127.0.0.1", ocr=False, secret="s" * 32)
    return Site(from_tables(settings, {"line": table}, folder / "site"))


def _served(folder: Path, _url: str) -> int:
    """Fetched from our web edge, as Instagram and the SMS providers do; this process holds the reader as well."""
    with _site(folder) as site, Server(application(site, lifespan=False)) as server:

        def fetch(path: Path) -> None:
            sha256 = site.house.blobs.keep(path)
            address = site.links.link(sha256, "video/mp4", "film.mp4", 60, False).removeprefix("http://127.0.0.1")
            read = 0
            with urllib.request.urlopen(f"{server.url}{address}", timeout=60) as answer:
                while chunk := answer.read(64 << 10):
                    read += len(chunk)
            assert read == site.house.blobs.path(sha256).stat().st_size

        small = folder / "small"
        small.write_bytes(b"warm")
        fetch(small)
        return grown(lambda: fetch(folder / "large"))


def _mail(folder: Path, url: str) -> int:
    """Sent by SMTP, coded for its way through old servers."""
    small = folder / "small"
    small.write_bytes(b"warm")
    channel = EmailChannel("a@here.example", "127.0.0.1", int(url.rpartition("#")[2]), smtp_security="none")

    def send(path: Path) -> None:
        media = Media(path, "application/pdf", path.stat().st_size, digest_of(path))
        message = Outgoing(path.name, Contact("b@there.example"), "hi", (Attachment(media, "a.pdf"),))
        assert channel.send(message).source_id

    send(small)
    return grown(lambda: send(folder / "large"))


def _webchat(folder: Path, _url: str) -> int:
    """A visitor's upload, moved into the store."""
    from mediacore_webchat.uploads import Uploads

    with _site(folder) as site:
        host = InboxHost(site, "line")
        uploads, chunk = Uploads(host.scratch(), 200 * MIB), bytes(64 << 10)

        def upload(pieces: int) -> None:
            begun = uploads.create("visitor", pieces * len(chunk), "film.mp4", "video/mp4")
            with uploads.appending(begun, 0) as sink:
                for _ in range(pieces):
                    sink.write(chunk)
            assert uploads.finish(begun, host.keep).sha256

        upload(1)
        return grown(lambda: upload(120 * 16))


CASES: Mapping[str, Callable[[Path, str], int]] = {
    "put": _put,
    "keep": _keep,
    "engines": _engines,
    "download": _download,
    "whatsapp": _whatsapp,
    "served": _served,
    "mail": _mail,
    "webchat": _webchat,
}

if __name__ == "__main__":
    case, place, address = sys.argv[1:]
    web, _, _ = address.partition("#")
    print(CASES[case](Path(place), address if case == "mail" else web))
