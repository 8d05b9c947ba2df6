"""``mediacore fit``: what a customer would receive, made and looked at without an account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from mediacore.runner.cli import cli
from mediacore.testkit import builders


def run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "250"}).invoke(cli, ["fit", *(str(a) for a in arguments)])


def answer(*arguments: object) -> Any:
    result = run(*arguments, "--json", "--no-ocr")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(builders.photo(2400, 1800))
    return path


def test_each_channel_has_its_folder(photo: Path, tmp_path: Path) -> None:
    """The files lie there under the customer's names, within the channel's bounds; the original is as it was."""
    before = photo.read_bytes()
    told = answer(photo, "--channel", "sms", "--channel", "whatsapp", "--out", tmp_path / "out")
    for channel, most in (("sms", 600_000), ("whatsapp", 5 << 20)):
        (file,) = told[channel]["files"]
        path = tmp_path / "out" / channel / "photo.jpg"
        assert (file["path"], file["type"], file["size"]) == (str(path), "image/jpeg", path.stat().st_size)
        assert path.stat().st_size <= most
        with Image.open(path) as picture:
            assert file["pixels"] == f"{picture.width} x {picture.height}"
            assert not picture.getexif()
    assert photo.read_bytes() == before


def test_bytes_beside_a_link_are_not_wasted(tmp_path: Path) -> None:
    """Where one file of an MMS becomes a link, a photo beside it still gets nearly all that the message may have."""
    noise = tmp_path / "noise.bin"
    noise.write_bytes(b"abc\0\1\2" * 200_000)
    large = tmp_path / "large.jpg"
    large.write_bytes(builders.photo(4000, 3000, quality=98))
    told = answer(large, large, noise, "--channel", "sms", "--out", tmp_path / "out")
    assert [f["action"] for f in told["sms"]["files"]] == ["shrink", "shrink", "link"]
    assert 0.9 * 600_000 < sum(f["size"] for f in told["sms"]["files"][:2]) <= 600_000


def test_two_of_one_name_do_not_meet(photo: Path, tmp_path: Path) -> None:
    """The second of two files of one name gets a number; a second run writes over the first one's files."""
    for _ in range(2):
        told = answer(photo, photo, "--channel", "email", "--out", tmp_path / "out")
        assert [Path(f["path"]).name for f in told["email"]["files"]] == ["photo.jpg", "photo-2.jpg"]
    assert len(list((tmp_path / "out" / "email").iterdir())) == 2


def test_what_cannot_go_is_said(photo: Path, tmp_path: Path) -> None:
    """A file that no link may stand for ends that channel with the reason; the other channels are made."""
    noise = tmp_path / "noise.bin"
    noise.write_bytes(b"abc\0\1\2" * 500)
    result = run(noise, "--channel", "sms", "--channel", "email", "--no-link", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "refuse" in result.output
    assert (tmp_path / "out" / "email" / "noise.bin").exists()
    assert not (tmp_path / "out" / "sms").exists()


def test_personal_data_is_painted_over(tmp_path: Path) -> None:
    """What the site would hide is hidden here too, and can be left as it is."""
    path = tmp_path / "bill.pdf"
    path.write_bytes(builders.pdf(1, lines=("Paid with 4111 1111 1111 1111",)))
    sizes = []
    for hide in ("card", "phone"):
        (file,) = answer(path, "--channel", "email", "--hide", hide, "--out", tmp_path / hide)["email"]["files"]
        sizes.append(b"4111" in Path(file["path"]).read_bytes())
        assert file["reason"]
    told = run(path, "--channel", "email", "--no-ocr", "--out", tmp_path / "again").output
    assert "bill.pdf" in told
    assert sizes[0] is False


def test_what_cannot_be_searched_is_drawn_anew(tmp_path: Path) -> None:
    """A photo that was cut off and a rare format go as what can be seen of them, and that is what was searched."""
    (tmp_path / "cut.jpg").write_bytes(builders.photo(640, 480)[:50_000])
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "layers.tga")
    told = json.loads(
        run(
            tmp_path / "cut.jpg", tmp_path / "layers.tga", "--channel", "email", "--out", tmp_path / "out", "--json"
        ).stdout
    )
    assert [(f["type"], f["pixels"]) for f in told["email"]["files"]] == [
        ("image/jpeg", "640 x 480"),
        ("image/png", "64 x 48"),
    ]
    assert sum("drawn anew" in note for note in told["email"]["notes"]) == 2
