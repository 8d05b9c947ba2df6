"""Calls: a real server on this machine, downloads that cannot be led astray, and answers that are never guessed."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mediacore import AuthNeeded, Fetched, InDoubt, Permanent, Retry, call, download
from mediacore.calls import _allow, _check_peer
from mediacore.testkit import Server

BYTES = bytes(range(256)) * 40


class Provider:
    """A server that serves a file, redirects, answers statuses, and remembers the headers it saw."""

    def __init__(self) -> None:
        self.seen: list[dict[str, str]] = []
        self.elsewhere = self.disposition = ""
        routes = [
            Route("/file", self.file),
            Route("/away", lambda request: RedirectResponse(f"{self.elsewhere}/file")),
            Route("/here", lambda request: RedirectResponse("/file")),
            Route("/round", lambda request: RedirectResponse("/round")),
            Route("/to", lambda request: RedirectResponse(request.query_params["url"])),
            Route("/packed", self.packed),
            Route("/named", lambda request: Response(b"x", headers={"content-disposition": self.disposition})),
            Route("/status/{code:int}", lambda request: Response(status_code=request.path_params["code"])),
            Route("/slow", self.slow, methods=["POST"]),
        ]
        self.server = Server(Starlette(routes=routes))
        self.url = self.server.url
        self.waiting = threading.Event()

    def file(self, request: Request) -> Response:
        self.seen.append(dict(request.headers))
        return Response(BYTES, headers={"content-disposition": 'attachment; filename="a.bin"'}, media_type="image/png")

    def packed(self, request: Request) -> Response:
        return Response(gzip.compress(BYTES), headers={"content-encoding": "gzip"}, media_type="image/png")

    def slow(self, request: Request) -> Response:
        self.waiting.wait(5)
        return Response()


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Provider, Provider]]:
    """A provider, and another host."""
    here, there = Provider(), Provider()
    here.elsewhere = there.url
    with here.server, there.server:
        yield here, there


@pytest.fixture
def provider(servers: tuple[Provider, Provider]) -> Provider:
    """The provider, with nothing seen yet."""
    for each in servers:
        each.seen.clear()
    return servers[0]


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A plugin's client that signs every request in."""
    with httpx.Client(trust_env=False, timeout=5, headers={"Authorization": "Basic b3duOmtleQ=="}) as client:
        yield client


def get(client: httpx.Client, provider: Provider, path: str, into: Path, **more: object) -> Fetched:
    """Download from the provider."""
    arguments = {"hosts": (provider.url,), "max_bytes": 10**6, **more}
    return download(client, provider.url + path, into, **arguments)  # type: ignore[arg-type]  # a bundle of them


def test_a_file_arrives_whole(client: httpx.Client, provider: Provider, tmp_path: Path) -> None:
    """Its bytes, its type and the name that came with it."""
    got = get(client, provider, "/file", tmp_path / "f", bearer="token")
    assert (tmp_path / "f").read_bytes() == BYTES
    assert got == Fetched("image/png", "a.bin")
    assert provider.seen[0]["authorization"] == "Bearer token"
    assert provider.seen[0]["accept-encoding"] == "identity"


def test_basic_credentials_go_to_the_first_host(client: httpx.Client, provider: Provider, tmp_path: Path) -> None:
    """And to a redirect that stays there."""
    get(client, provider, "/here", tmp_path / "f", auth=("user", "key"))
    assert provider.seen[0]["authorization"].startswith("Basic dXNlcjprZXk")


@pytest.mark.parametrize("credentials", [{"bearer": "token"}, {"auth": ("user", "key")}, {}])
def test_a_redirect_to_another_host_gets_no_credentials(
    client: httpx.Client, servers: tuple[Provider, Provider], tmp_path: Path, credentials: dict[str, object]
) -> None:
    """Neither the download's own nor those that the client adds to every request."""
    here, there = servers
    there.seen.clear()
    get(client, here, "/away", tmp_path / "f", redirect_hosts=(there.url,), **credentials)
    assert (tmp_path / "f").read_bytes() == BYTES
    assert "authorization" not in there.seen[0]


def test_a_redirect_to_a_host_that_is_not_allowed_is_refused(
    client: httpx.Client, servers: tuple[Provider, Provider], tmp_path: Path
) -> None:
    """And that host never hears of it."""
    here, there = servers
    there.seen.clear()
    with pytest.raises(Permanent, match="not the provider's") as caught:
        get(client, here, "/away", tmp_path / "f")
    assert (caught.value.code, there.seen) == ("host", [])


def test_a_redirect_without_end_is_given_up(client: httpx.Client, provider: Provider, tmp_path: Path) -> None:
    """After three."""
    with pytest.raises(Permanent) as caught:
        get(client, provider, "/round", tmp_path / "f")
    assert caught.value.code == "redirects"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://[::1",
        "https://fbcdn.net:99999/x",
        "gopher://fbcdn.net/",
        "//fbcdn.net/x",
    ],
)
def test_a_redirect_into_the_dark_is_refused(
    client: httpx.Client, provider: Provider, tmp_path: Path, url: str
) -> None:
    """Metadata services, local files, addresses that are none: all are ``host`` faults, not crashes."""
    with pytest.raises(Permanent) as caught:
        get(client, provider, f"/to?url={url}", tmp_path / "f", redirect_hosts=("fbcdn.net",))
    assert caught.value.code == "host"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://fbcdn.net/x", True),
        ("https://a.b.fbcdn.net/x", True),
        ("https://A.FBCDN.NET./x", True),
        ("https://fbcdn.net:443/x", True),
        ("https://fbcdn.net.evil.com/x", False),
        ("https://evilfbcdn.net/x", False),
        ("https://fbcdn.net@evil.com/x", False),
        ("https://evil.com/fbcdn.net", False),
        ("https://fbcdn.net:8443/x", False),
        ("http://fbcdn.net/x", False),
        ("ftp://fbcdn.net/x", False),
        ("https:///x", False),
        ("https://[::1/x", False),
        ("https://fbcdn.net:port/x", False),
        ("", False),
    ],
)
def test_hosts_are_allowed_on_dot_boundaries(url: str, allowed: bool) -> None:
    """A name allows itself and everything below it, over HTTPS on its own port, and nothing that looks like it."""
    if allowed:
        _allow(url, ("fbcdn.net",))
    else:
        with pytest.raises(Permanent) as caught:
            _allow(url, ("fbcdn.net",))
        assert caught.value.code == "host"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "2001::1",
    ],
)
def test_a_name_that_leads_to_a_private_address_is_refused(address: str) -> None:
    """What counts is the address really connected to; a name server cannot change it afterwards."""
    with pytest.raises(Permanent, match="private network"):
        _check_peer(answer_from(address), "https://fbcdn.net/x", ("fbcdn.net",))


@pytest.mark.parametrize("address", ["31.13.84.4", "2a03:2880:f12d:83::1"])
def test_a_public_address_is_fine(address: str) -> None:
    """Old and new addresses."""
    _check_peer(answer_from(address), "https://fbcdn.net/x", ("fbcdn.net",))


def answer_from(address: str) -> httpx.Response:
    """An answer that came from this address."""

    class Stream:
        def get_extra_info(self, name: str) -> tuple[str, int] | None:
            return (address, 443) if name == "server_addr" else None

    return httpx.Response(200, extensions={"network_stream": Stream()})


def test_a_file_that_is_too_large_is_cut_off(client: httpx.Client, provider: Provider, tmp_path: Path) -> None:
    """No more than the bound is ever on the disk."""
    with pytest.raises(Permanent) as caught:
        get(client, provider, "/file", tmp_path / "f", max_bytes=len(BYTES) - 1)
    assert caught.value.code == "too-large"
    assert (tmp_path / "f").stat().st_size < len(BYTES)


def test_a_packed_answer_is_whole_and_bounded(client: httpx.Client, provider: Provider, tmp_path: Path) -> None:
    """A server that packs although it was asked not to is unpacked, and its declared length is that of the packed."""
    get(client, provider, "/packed", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BYTES
    with pytest.raises(Permanent):
        get(client, provider, "/packed", tmp_path / "f", max_bytes=1000)


@pytest.mark.parametrize("code", [404, 408, 425, 429, 500, 503])
def test_not_there_yet_is_tried_again(client: httpx.Client, provider: Provider, tmp_path: Path, code: int) -> None:
    """Providers announce files before they can serve them."""
    with pytest.raises(Retry) as caught:
        get(client, provider, f"/status/{code}", tmp_path / "f")
    assert caught.value.code == str(code)


@pytest.mark.parametrize(("code", "told"), [(403, "expired"), (410, "expired"), (400, "400"), (206, "206")])
def test_what_will_never_come_is_permanent(
    client: httpx.Client, provider: Provider, tmp_path: Path, code: int, told: str
) -> None:
    """A signed address that ran out is ``expired``; any other refusal has its status as code."""
    with pytest.raises(Permanent) as caught:
        get(client, provider, f"/status/{code}", tmp_path / "f")
    assert caught.value.code == told


def test_credentials_that_no_longer_work_stop_the_inbox(
    client: httpx.Client, provider: Provider, tmp_path: Path
) -> None:
    """A 401 is not the file's fault, so the file must not be given up."""
    with pytest.raises(AuthNeeded):
        get(client, provider, "/status/401", tmp_path / "f")


class OneShot:
    """A bare socket that reads one request and then answers what it is told, or hangs up."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self) -> OneShot:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join(5)
        self.socket.close()

    def run(self) -> None:
        connection, _ = self.socket.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(self.answer)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
        b"nonsense\r\n\r\n",
        b"",
    ],
)
def test_a_file_that_breaks_off_is_tried_again(client: httpx.Client, tmp_path: Path, answer: bytes) -> None:
    """Half a file is never taken for a whole one."""
    with OneShot(answer) as server, pytest.raises(Retry):
        download(client, f"{server.url}/f", tmp_path / "f", hosts=(server.url,), max_bytes=10**6)


def test_a_call_without_a_connection_is_tried_again(client: httpx.Client) -> None:
    """Nobody listened, so nothing was taken."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Retry) as caught:
        call(client, "POST", f"http://127.0.0.1:{port}/send", json={})
    assert caught.value.code == "unreachable"


def test_a_call_that_times_out_after_it_was_taken_is_in_doubt(client: httpx.Client, provider: Provider) -> None:
    """It may have been carried out, so it must not simply be sent again."""
    try:
        with pytest.raises(InDoubt):
            call(client, "POST", f"{provider.url}/slow", json={}, timeout=0.3)
    finally:
        provider.waiting.set()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"garbage\r\n\r\n"])
def test_an_answer_that_breaks_off_is_in_doubt(client: httpx.Client, answer: bytes) -> None:
    """The provider had the whole request."""
    with OneShot(answer) as server, pytest.raises(InDoubt):
        call(client, "POST", f"{server.url}/send", json={})


@pytest.mark.parametrize("code", [200, 400, 429, 500])
def test_any_answer_is_the_plugin_s_to_read(client: httpx.Client, provider: Provider, code: int) -> None:
    """A status is an answer; its meaning stands in the plugin's own table."""
    assert call(client, "GET", f"{provider.url}/status/{code}").status_code == code


@pytest.mark.parametrize("url", ["gopher://127.0.0.1/", "http://127.0.0.1:notaport/"])
def test_a_request_that_cannot_be_written_is_permanent(client: httpx.Client, url: str) -> None:
    """Nothing was sent, and trying again would change nothing."""
    with pytest.raises(Permanent):
        call(client, "POST", url)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('inline; filename="a b.jpg"', "a b.jpg"),
        ("attachment; filename=\"x.jpg\"; filename*=UTF-8''R%C3%A9sum%C3%A9.pdf", "Résumé.pdf"),
        ("attachment", ""),
        ("", ""),
        ('attachment; filename="' + "n" * 5000 + '"', "n" * 1000),
    ],
)
def test_the_name_of_a_download(
    client: httpx.Client, provider: Provider, tmp_path: Path, header: str, name: str
) -> None:
    """A name that comes with the bytes is read in both of its forms, and never without a bound."""
    provider.disposition = header
    assert get(client, provider, "/named", tmp_path / "f").name == name
