"""The demo's files, made here: a phone photo with its secrets, a screenshot with a card number, a return label."""

from __future__ import annotations

import math
import random
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

CARD = "4111 1111 1111 1111"
"""The payment industry's public test number."""
GPS = {1: "N", 2: (45.0, 26.0, 17.0), 3: "E", 4: (12.0, 19.0, 53.0)}
CAMERA = "Example Phone 12"

_GPS_IFD, _MAKE, _MODEL, _ORIENTATION, _NOTE = 0x8825, 0x010F, 0x0110, 0x0112, 0x010E


def font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own font, so that nothing on the machine is needed."""
    loaded = ImageFont.load_default(size=size)
    assert isinstance(loaded, ImageFont.FreeTypeFont)
    return loaded


def photo(path: Path, seed: int = 7) -> Path:
    """A 12-megapixel photo of a damaged parcel: held upright, stored sideways, with GPS, as a phone does."""
    width, height = 3024, 4032
    chance = random.Random(seed)  # noqa: S311 - a picture, not a secret
    scene = _ground(width, height, chance)
    _parcel(scene, chance)
    grain = Image.effect_noise((width, height), 22).convert("RGB")
    scene = ImageChops.add(scene.filter(ImageFilter.GaussianBlur(1.2)), grain, scale=1, offset=-128)
    stored = scene.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[_MAKE], exif[_MODEL], exif[_ORIENTATION], exif[_NOTE] = "Example", CAMERA, 6, "taken at home"
    exif.get_ifd(_GPS_IFD).update(GPS)
    stored.save(path, "JPEG", quality=90, exif=exif, comment=b"private note of the camera")
    return path


def _ground(width: int, height: int, chance: random.Random) -> Image.Image:
    small = Image.new("RGB", (63, 84))
    for x in range(63):
        for y in range(84):
            light = 1 - 0.4 * math.hypot((x - 20) / 63, (y - 10) / 84)
            wood = 14 * math.sin(x / 2.3 + 2 * math.sin(y / 17))
            base = (150 + wood, 122 + wood * 0.8, 92 + wood * 0.5)
            small.putpixel((x, y), tuple(int(max(0, min(255, c * light + chance.gauss(0, 5)))) for c in base))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def _parcel(scene: Image.Image, chance: random.Random) -> None:
    draw = ImageDraw.Draw(scene)
    draw.polygon(
        [(420, 1100), (2480, 820), (2700, 2900), (560, 3250)], fill=(188, 148, 98), outline=(120, 90, 55), width=14
    )
    draw.polygon([(1360, 985), (1560, 955), (1740, 3065), (1520, 3100)], fill=(214, 190, 150))
    for _ in range(900):
        x, y = chance.uniform(450, 2600), chance.uniform(950, 3150)
        draw.line([(x, y), (x + chance.gauss(0, 90), y + chance.gauss(0, 12))], fill=(170, 132, 86), width=3)
    draw.rectangle([(720, 1500), (1330, 2150)], fill=(244, 244, 240), outline=(60, 60, 60), width=6)
    for row, words in enumerate(("RETURN TO", "Example Shop", "Order 10-2231", "FRAGILE")):
        draw.text((760, 1550 + row * 140), words, fill=(25, 25, 25), font=font(82))
    draw.polygon([(1900, 2150), (2350, 2050), (2300, 2500), (2050, 2600), (1980, 2380)], fill=(45, 32, 22))
    draw.line([(1880, 2140), (2360, 2040), (2310, 2510), (2040, 2610), (1880, 2140)], fill=(224, 204, 170), width=16)


def screenshot(path: Path, card: str = CARD) -> Path:
    """A screenshot of a shop's payment page on which a card number can be read."""
    image = Image.new("RGB", (1170, 1600), (246, 247, 249))
    draw = ImageDraw.Draw(image)
    draw.rectangle([(0, 0), (1170, 150)], fill=(24, 62, 112))
    draw.text((48, 48), "Example Shop", fill="white", font=font(52))
    draw.rounded_rectangle([(40, 200), (1130, 1000)], 28, fill="white", outline=(214, 219, 226), width=3)
    rows = (
        ("Refund for order", "10-2231"), ("Status", "Paid back on 12 March"), ("Amount", "EUR 84.90"),
        ("Paid with", card),
        ("Valid until", "09/29"),
    )  # fmt: skip
    for number, (label, value) in enumerate(rows):
        y = 250 + number * 145
        draw.text((84, y), label, fill=(104, 112, 124), font=font(34))
        draw.text((84, y + 48), value, fill=(22, 28, 36), font=font(46))
    draw.rounded_rectangle([(40, 1060), (1130, 1180)], 28, fill=(30, 132, 84))
    draw.text((400, 1090), "Download receipt", fill="white", font=font(46))
    for number, words in enumerate(("Questions about your refund?", "Answer this message and we will help you.")):
        draw.text((84, 1250 + number * 66), words, fill=(60, 68, 80), font=font(40))
    image.save(path, "PNG", optimize=True)
    return path


def label(path: Path) -> Path:
    """A return label of two pages as a PDF: the label with its bars, and how to use it."""
    first, second = Image.new("L", (1240, 1754), 255), Image.new("L", (1240, 1754), 255)
    draw = ImageDraw.Draw(first)
    draw.rectangle([(90, 90), (1150, 1660)], outline=0, width=6)
    for number, words in enumerate(
        ("RETURN LABEL", "From: A. Customer, Via Roma 12", "To: Example Shop Returns", "Hall 7, 20099 Sesto")
    ):
        draw.text((140, 150 + number * 110), words, fill=0, font=font(64 if number == 0 else 46))
    chance, x = random.Random(3), 160  # noqa: S311 - bars of a picture
    while x < 1080:
        bar = chance.choice((4, 8, 12))
        draw.rectangle([(x, 700), (x + bar, 1150)], fill=0)
        x += bar + chance.choice((6, 10, 14))
    draw.text((330, 1190), "RT 0042 7719 3355 IT", fill=0, font=font(54))
    draw = ImageDraw.Draw(second)
    steps = (
        "How to return your parcel",
        "1. Cut out the label of page 1",
        "2. Stick it on the parcel",
        "3. Bring it to any post office",
        "4. Keep the receipt",
    )
    for number, words in enumerate(steps):
        draw.text((110, 150 + number * 140), words, fill=0, font=font(60 if number == 0 else 48))
    first.save(
        path, "PDF", resolution=150, save_all=True, append_images=[second], title="Return label", author="A. Agent"
    )
    return path
