"""Calls to a provider: foreign exceptions translated once, and downloads that cannot be led astray.

The client is the plugin's, so its library is loaded by then; the many processes that call nobody do without it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from contextlib import closing
from email.message import Message
from email.utils import collapse_rfc2231_value
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urljoin, urlsplit

from mediacore.errors import AuthNeeded, InDoubt, Permanent, Retry
from mediacore.events import Fetched

if TYPE_CHECKING:
    import httpx2 as httpx

AGENT = "mediacore/0.1"
REDIRECTS = 3
LONGEST_NAME = 1000
# Python 3.11 calls these global although they lead to private or local machines.
_DENIED = tuple(
    ipaddress.ip_network(n)
    for n in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fec0::/10", "192.88.99.0/24", "5f00::/16")
)


def call(client: httpx.Client, method: str, url: str, **arguments: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
    """One request that may change something at the provider.

    Args:
        client: the plugin's client.
        method, url: what to call.
        arguments: passed on to the client (``json``, ``data``, ``files``, ``headers``, ``auth`` ...).

    Returns:
        The answer, whatever its status; the body is read.

    Raises:
        Retry: the request never reached the provider.
        Permanent: it cannot be written as HTTP, so nothing was sent.
        InDoubt: it may have: the connection broke or timed out after it was opened.
    """
    import httpx2 as httpx

    try:
        return client.request(method, url, **arguments)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
        raise Permanent(f"the request could not be written: {error}", code="request") from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
        raise Retry(f"{urlsplit(url).hostname} cannot be reached: {error}", code="unreachable") from error
    except httpx.HTTPError as error:
        reason = type(error).__name__
        raise InDoubt(f"{urlsplit(url).hostname} took the request and gave no answer ({reason})") from error


def download(
    client: httpx.Client,
    url: str,
    into: Path,
    *,
    hosts: Sequence[str],
    max_bytes: int,
    auth: tuple[str, str] | None = None,
    bearer: str = "",
    redirect_hosts: Sequence[str] | None = None,
) -> Fetched:
    """Stream one file of the provider's into a local file.

    Credentials go only to the first host and to redirects that stay on it. Every hop must be HTTPS on an allowed host
    and must not lead to a private address; an entry of ``hosts`` that is a whole origin (``http://127.0.0.1:9000``)
    is allowed as it stands, for providers on this machine.

    Args:
        client: the plugin's client.
        url: where the file is.
        into: the file to write.
        hosts: names allowed, each with everything below it (``fbcdn.net`` allows ``x.fbcdn.net``), or whole origins.
        max_bytes: give up beyond this many decoded bytes.
        auth: user and password for Basic.
        bearer: a token.
        redirect_hosts: names allowed for redirects; the same as ``hosts`` when None.

    Returns:
        The type and the name that came with the bytes.

    Raises:
        Retry: a passing fault, or 404/408/425/429/5xx: not there yet.
        AuthNeeded: 401.
        Permanent: code ``expired`` (403, 410), ``too-large``, ``host`` (not allowed), or another refusal.
    """
    import httpx2 as httpx

    origin, target = _origin(url), url
    for hop in range(REDIRECTS + 1):
        allowed = hosts if hop == 0 or redirect_hosts is None else (*hosts, *redirect_hosts)
        _allow(target, allowed)
        own = _origin(target) == origin
        try:
            request = _request(client, target, own, bearer)
            answer = client.send(request, auth=auth if auth and own else None, stream=True, follow_redirects=False)
            with closing(answer):
                _check_peer(answer, target, allowed)
                if not answer.is_redirect:
                    return _write(answer, into, max_bytes)
                target = urljoin(target, answer.headers.get("location", ""))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError) as error:
            raise Permanent(f"the file's address is no web address: {error}", code="host") from error
        except httpx.HTTPError as error:
            raise Retry(f"the file could not be fetched: {type(error).__name__}", code="fetch") from error
    raise Permanent(f"the file's address redirects more than {REDIRECTS} times", code="redirects")


def _request(client: httpx.Client, url: str, own: bool, bearer: str) -> httpx.Request:
    request = client.build_request("GET", url, headers={"User-Agent": AGENT, "Accept-Encoding": "identity"})
    if not own:  # what the client itself adds to each request is for its own host as well
        for name in ("Authorization", "Cookie"):
            request.headers.pop(name, None)
    elif bearer:
        request.headers["Authorization"] = f"Bearer {bearer}"
    return request


def _origin(url: str) -> str:
    parts = _parts(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises when it is no number
    except ValueError as error:
        raise Permanent(f"the file's address is no web address: {error}", code="host") from error
    return parts


def _allow(url: str, hosts: Sequence[str]) -> None:
    if _origin(url) in hosts:
        return
    parts = _parts(url)
    host = (parts.hostname or "").lower().rstrip(".")
    named = any(host == name or host.endswith("." + name) for name in hosts if "://" not in name)
    if parts.scheme != "https" or not named or parts.port not in (None, 443):
        raise Permanent(f"the file's address leads to {host or 'no host'}, which is not the provider's", code="host")


def _check_peer(answer: httpx.Response, url: str, hosts: Sequence[str]) -> None:
    """Look at the address really connected to, which a name server cannot change behind our back."""
    if _origin(url) in hosts:
        return
    stream = answer.extensions.get("network_stream")
    peer = stream.get_extra_info("server_addr") if stream is not None else None
    if not peer:
        return
    address = ipaddress.ip_address(str(peer[0]).partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    denied = any(address in network for network in _DENIED if network.version == address.version)
    if denied or address.is_multicast or not address.is_global:
        raise Permanent("the file's address leads into a private network", code="host")


def _write(answer: httpx.Response, into: Path, max_bytes: int) -> Fetched:
    status = answer.status_code
    if status in (404, 408, 425, 429) or status >= 500:
        raise Retry(f"the provider answered {status} for the file", code=str(status))
    if status == 401:
        raise AuthNeeded("the provider wants other credentials for the file", code="401")
    if status in (403, 410):
        raise Permanent(f"the provider no longer serves the file ({status})", code="expired")
    if status != 200:
        raise Permanent(f"the provider answered {status} for the file", code=str(status))
    size = 0
    with into.open("wb") as sink:
        for chunk in answer.iter_bytes(256 * 1024):
            size += len(chunk)
            if size > max_bytes:
                raise Permanent(f"the file is larger than {max_bytes} bytes", code="too-large")
            sink.write(chunk)
    declared = answer.headers.get("content-length", "")
    packed = "content-encoding" in answer.headers  # then the length is that of the packed bytes
    if declared.isdigit() and not packed and int(declared) != size:
        raise Retry("the file broke off before its end", code="truncated")
    return Fetched(answer.headers.get("content-type", ""), _named(answer.headers.get("content-disposition", "")))


def _named(disposition: str) -> str:
    """The file name in a Content-Disposition, in either of its two forms (RFC 6266)."""
    parsed = Message()
    parsed["content-disposition"] = " ".join(disposition.split())
    given = [value for key, value in parsed.get_params([], "content-disposition") if key.lower() == "filename"]
    given.sort(key=lambda value: isinstance(value, str))  # the form that names its charset comes first
    return collapse_rfc2231_value(given[0])[:LONGEST_NAME] if given else ""
