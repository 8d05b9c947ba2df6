"""Write ``docs/channels/`` from the channels' limits and their own pages: run ``python docs/generate.py``."""

from __future__ import annotations

from pathlib import Path

from mediacore import Accept, Figure, Kind, Limits, read_limits

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "channels"
HEAD = """# What each channel carries

Generated from the channels' `limits.toml` by `python docs/generate.py`; a site may lay its own numbers over these.
A number links to where it was read, with the day; `-` means that the provider states none.
"""
PLACES = {
    "body": "beside the files",
    "caption": "on a file that can bear it, else a message of its own",
    "apart": "always a message of its own",
}


def channels(root: Path = ROOT) -> list[Limits]:
    """The limits of every channel in the workspace, under their default profile."""
    return [read_limits(path) for path in sorted(root.glob("plugins/*/mediacore_*/limits.toml"))]


def matrix(found: list[Limits]) -> str:
    """The whole page."""
    overview = [
        _row(["", *(each.title for each in found)]),
        _row(["---"] * (len(found) + 1)),
        *(_row([f"**{kind}**", *(_carried(each, kind) for each in found)]) for kind in Kind),
        _row(["files in a message", *(_figure(each.message.files) for each in found)]),
        _row(["bytes in a message", *(_bytes(each.message.total_bytes) for each in found)]),
        _row(["text", *(_text(each) for each in found)]),
        _row(["caption", *(_figure(each.text.caption_max) for each in found)]),
        _row(["words stand", *(PLACES[each.text.place] for each in found)]),
        _row(["files are fetched from us", *("yes" if each.message.fetched else "no" for each in found)]),
        _row(["files reach", *(", ".join(each.message.reach) or "everybody" for each in found)]),
        _row(["free answers, in hours", *(_window(each) for each in found)]),
        _row(["messages a second", *(_figure(each.pace.second) for each in found)]),
        _row(["largest inbound file", *(_bytes(each.inbound.max_bytes) for each in found)]),
    ]
    return "\n".join([HEAD, *overview, "", *(_section(each) for each in found)])


def _section(limits: Limits) -> str:
    rows = [
        _row(["sort", "types", "bytes", "longest side", "together", "more"]),
        _row(["---"] * 6),
        *(_row(_sort(accept)) for accept in limits.accept),
    ]
    told = [f"## {limits.title}", "", *rows, ""]
    if len(limits.profiles) > 1:
        told += [f"Profiles: {', '.join(f'`{p}`' for p in limits.profiles)}.", ""]
    if limits.blocked.extensions:
        listed = ", ".join(f"`{extension}`" for extension in limits.blocked.extensions)
        told += [f"Names that receivers throw away ([source]({limits.blocked.source})): {listed}.", ""]
    return "\n".join(told)


def _sort(accept: Accept) -> list[str]:
    more = [
        f"codecs {', '.join(accept.codecs)}" if accept.codecs else "",
        f"{accept.channels} audio channels at most" if accept.channels else "",
        f"without {', '.join(accept.without)}" if accept.without else "",
        f"exactly {accept.exact_side} pixels wide and high" if accept.exact_side else "",
        "" if accept.animated or accept.kind is not Kind.IMAGE else "not animated",
        "" if accept.caption else "bears no caption",
        "sent as page images" if accept.as_images else "",
        "only when asked for" if accept.explicit else "",
    ]
    return [
        accept.name,
        " ".join(f"`{mime}`" for mime in accept.types),
        _bytes(accept.max_bytes),
        _figure(accept.max_side),
        _figure(accept.together),
        "; ".join(filter(None, [*more, accept.note])),
    ]


def _carried(limits: Limits, kind: Kind) -> str:
    sorts = limits.accepting(kind)
    if not sorts:
        return "link"
    return "as pictures" if all(sort.as_images for sort in sorts) else "yes"


def _text(limits: Limits) -> str:
    unit = {"characters": "characters", "utf16": "UTF-16 units", "bytes": "bytes"}[limits.text.unit]
    return f"{_figure(limits.text.max)} {unit}" if limits.text.max else "-"


def _window(limits: Limits) -> str:
    window = limits.window
    return (
        f"{_figure(window.hours)}, people {_figure(window.person_hours)}"
        if window.person_hours
        else _figure(window.hours)
    )


def _bytes(figure: Figure | None) -> str:
    if figure is None:
        return "-"
    value = f"{figure.value / 1e6:.1f} MB" if figure.value >= 1_000_000 else f"{figure.value / 1e3:.0f} KB"
    return _linked(value.replace(".0 MB", " MB"), figure)


def _figure(figure: Figure | None) -> str:
    return "-" if figure is None else _linked(f"{figure.value:,}".replace(",", " "), figure)


def _linked(text: str, figure: Figure) -> str:
    if not figure.source.startswith("http"):
        return text
    return f'[{text}]({figure.source} "{figure.as_of}")'


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/').replace(chr(10), ' ') for cell in cells)} |"


def pages(root: Path = ROOT) -> dict[str, str]:
    """Every generated page by its name: the matrix, and for each channel its own words with its limits below."""
    made = {"matrix.md": matrix(channels(root))}
    for limits in channels(root):
        own = (root / "plugins" / limits.channel / "README.md").read_text(encoding="utf-8")
        _, _, body = own.partition("\n")
        made[f"{limits.channel}.md"] = (
            f"# {limits.title}\n\nGenerated from `plugins/{limits.channel}/README.md` and the channel's limits by "
            f"`python docs/generate.py`.\n{body.rstrip()}\n\n{_section(limits)}"
        )
    return made


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    for name, page in pages().items():
        (TARGET / name).write_text(page, encoding="utf-8")
