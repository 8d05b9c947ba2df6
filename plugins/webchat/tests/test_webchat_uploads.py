"""The upload protocol, rule by rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from mediacore_webchat import uploads
from mediacore_webchat.uploads import Uploads

from mediacore import Refused

TUS = {"Tus-Resumable": "1.0.0"}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_options_say_what_the_server_can(api: Any) -> None:
    """OPTIONS needs neither version nor token, and tells versions, extensions and the largest size."""
    answer = httpx.options(f"{api.client.base_url}uploads", trust_env=False)
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,expiration,termination,checksum"
    assert answer.headers["tus-checksum-algorithm"] == "sha256,sha1"
    assert answer.headers["tus-max-size"] == str(40 * 1024 * 1024)


def test_every_request_speaks_the_version(api: Any) -> None:
    """A request without Tus-Resumable, or of another version, is answered with 412 and the version spoken."""
    place = api.begin(3)
    for version in ({}, {"Tus-Resumable": "0.2.2"}):
        for method, path in (("POST", "uploads"), ("HEAD", place), ("PATCH", place), ("DELETE", place)):
            answer = api.client.request(method, f"/{path}", headers=version)
            assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")


def test_an_upload_from_begin_to_end(api: Any) -> None:
    """Creation tells place and expiry, HEAD the offset uncached, PATCH the new offset, DELETE ends it."""
    place = api.begin(10)
    head = api.client.head(f"/{place}", headers=TUS)
    assert head.headers["upload-offset"] == "0"
    assert head.headers["upload-length"] == "10"
    assert head.headers["cache-control"] == "no-store"
    assert head.headers["upload-expires"].endswith("GMT")
    first = api.patch(place, 0, b"01234")
    assert (first.status_code, first.headers["upload-offset"]) == (204, "5")
    assert api.patch(place, 5, b"56789").headers["upload-offset"] == "10"
    assert api.client.delete(f"/{place}", headers=TUS).status_code == 204
    assert api.client.head(f"/{place}", headers=TUS).status_code == 404


def test_wrong_offset_type_and_length(api: Any) -> None:
    """409 for a wrong offset, 415 for a wrong type, 413 beyond the length; none of them changes the upload."""
    place = api.begin(4)
    api.patch(place, 0, b"ab")
    assert code(api.patch(place, 0, b"ab")) == (409, "offset")
    assert code(api.patch(place, 3, b"d")) == (409, "offset")
    wrong = api.client.patch(
        f"/{place}", headers={**TUS, "Upload-Offset": "2", "Content-Type": "text/plain"}, content=b"c"
    )
    assert code(wrong) == (415, "type")
    assert code(api.patch(place, 2, b"cdef")) == (413, "too-large")
    assert code(api.patch(place, 2, iter([b"cd", b"ef"]))) == (413, "too-large")
    head = api.client.head(f"/{place}", headers=TUS)
    assert head.headers["upload-offset"] in ("2", "4")


def test_sizes_are_bounded(make_chat: Any, make_api: Any) -> None:
    """413 above the limit, 400 for an empty file or a length that is no number; the limit itself is taken."""
    api = make_api(make_chat(max_bytes=1000))
    for length, told in (
        ("1001", (413, "too-large")),
        ("0", (400, "empty")),
        ("-1", (400, "header")),
        ("", (400, "header")),
    ):
        assert code(api.client.post("/uploads", headers={**TUS, "Upload-Length": length})) == told
    assert api.post(files=[{"upload": api.upload(b"x" * 1000)}]).status_code == 201


def test_an_upload_is_its_visitors_own(chat: Any, api: Any, make_api: Any) -> None:
    """Another visitor can neither see, write, send nor delete it, and cannot tell it from one that never was."""
    place, other = api.begin(4), make_api(chat)
    for stranger in (place, "uploads/" + "0" * 32, "uploads/..%2f..", "uploads/about.json"):
        assert other.client.head(f"/{stranger}", headers=TUS).status_code == 404
    assert code(other.patch(place, 0, b"evil")) == (404, "gone")
    assert code(other.client.delete(f"/{place}", headers=TUS)) == (404, "gone")
    assert code(other.post(files=[{"upload": place.rpartition("/")[2]}])) == (404, "gone")
    assert api.client.head(f"/{place}", headers=TUS).headers["upload-offset"] == "0"


def test_uploads_that_wait_are_bounded(chat: Any, api: Any) -> None:
    """A visitor cannot fill the disk with uploads that never end; sent ones do not count."""
    api.post(files=[{"upload": api.upload(b"sent")}])
    for _ in range(uploads.OPEN_PER_VISITOR):
        api.begin(5)
    assert code(api.client.post("/uploads", headers={**TUS, "Upload-Length": "5"})) == (429, "too-many")


def test_a_full_disk_is_told(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No room for a file is 507 before a byte is sent, and the next try may work."""
    with monkeypatch.context() as patched:
        patched.setattr(uploads, "SPARE_BYTES", 10**18)
        assert code(api.client.post("/uploads", headers={**TUS, "Upload-Length": "5"})) == (507, "storage")
    api.begin(5)


def test_two_writers_never_mix(tmp_path: Path) -> None:
    """While one request writes, a second is answered with 423."""
    store = Uploads(tmp_path, 100)
    upload = store.create("v", 10, "a", "")
    with store.appending(upload, 0) as sink:
        sink.write(b"12345")
        with pytest.raises(Refused) as caught, store.appending(upload, 0):
            pass
        assert caught.value.status == 423
    assert store.offset(upload) == 5


def test_what_waits_too_long_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An expired upload is gone for its owner at once, and from the disk with the next upload."""
    store = Uploads(tmp_path, 100)
    old = store.create("v", 10, "a", "")
    monkeypatch.setattr(uploads, "UPLOAD_SECONDS", -1)
    with pytest.raises(Refused, match="no such upload"):
        store.find(old.id, "v")
    fresh = store.create("v", 10, "a", "")
    assert [p.name for p in tmp_path.iterdir()] == [fresh.id]


def test_a_crash_between_storing_and_noting_loses_nothing(tmp_path: Path) -> None:
    """When the digest could not be noted, the bytes are still there and the next try stores them again."""
    store = Uploads(tmp_path / "up", 100)
    upload = store.create("v", 4, "a", "")
    with store.appending(upload, 0) as sink:
        sink.write(b"data")
    kept: list[bytes] = []

    def keep(path: Path) -> str:
        kept.append(path.read_bytes())
        path.unlink()
        if len(kept) == 1:
            raise OSError("the machine stopped here")
        return "digest"

    with pytest.raises(OSError, match="stopped"):
        store.finish(upload, keep)
    done = store.finish(store.find(upload.id, "v"), keep)
    assert (done.sha256, kept) == ("digest", [b"data", b"data"])
    assert store.finish(store.find(upload.id, "v"), keep) == done
