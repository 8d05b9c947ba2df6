"""Bright pictures and films on ordinary screens: PQ and HLG with a soft knee, so that more than white shows.

An ordinary screen has its white at 203 cd/m2 (ITU-R BT.2408, table 1), bright signals go on to 1000 and further. Below
the knee everything keeps its brightness; above it, it is brought closer together by the EETF of ITU-R BT.2390 (section
5.4.1): half by the brightest of the three colours, which keeps the hue, half each by itself, which lets the colour go
as eyes expect it of what is very bright.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

PQ, HLG = 16, 18
"""Transfer characteristics of bright signals (ITU-T H.273, table 3)."""
STEPS = 25
"""Steps of each colour in the table; a square, as FFmpeg's picture of a table has it."""

WHITE = 203.0
PEAK = 1000.0
"""Brightest that a signal is taken to be, in cd/m2: of HLG by its definition, of PQ what films are made for."""

_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128  # ITU-R BT.2100, table 4
_A, _B, _C, _GAMMA = 0.17883277, 0.28466892, 0.55991073, 1.2  # table 5, and note 5f at 1000 cd/m2
_LUMA = (0.2627, 0.6780, 0.0593)
_TO_709 = ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187))  # ITU-R BT.2407, annex 2
_SCREEN = 1 / 2.4  # ITU-R BT.1886

Table: TypeAlias = tuple[tuple[float, float, float], ...]


@cache
def table(curve: int) -> Table:
    """What becomes of each colour.

    Args:
        curve: ``PQ`` or ``HLG``.

    Returns:
        Red, green and blue from 0 to 1 in BT.709 for every colour in BT.2020 whose parts are whole steps; red changes
        fastest.
    """
    light = [(_of_pq if curve == PQ else _of_hlg)(step / (STEPS - 1)) for step in range(STEPS)]
    shown = _shown_pq if curve == PQ else _shown_hlg
    colours = ((red, green, blue) for blue in light for green in light for red in light)
    return tuple(_on_screen(*shown(*colour)) for colour in colours)


CURVES: Mapping[int, str] = {PQ: "smpte2084", HLG: "arib-std-b67"}
"""FFmpeg's names of them."""


def _on_screen(red: float, green: float, blue: float) -> tuple[float, float, float]:
    light = [max(0.0, a * red + b * green + c * blue) for a, b, c in _TO_709]
    most = max(light)
    scale = knee(most) / most if most > 0 else 0.0
    shown = [(scale * part + knee(part)) / 2 / WHITE for part in light]
    return shown[0] ** _SCREEN, shown[1] ** _SCREEN, shown[2] ** _SCREEN


def knee(light: float) -> float:
    """How bright something is shown.

    Args:
        light: cd/m2.

    Returns:
        At most ``WHITE``.
    """
    if light <= _START_LIGHT:
        return light
    if light >= PEAK:
        return WHITE
    t = (_to_pq(light) / _TOP - _START) / (1 - _START)
    spline = (2 * t**3 - 3 * t**2 + 1) * _START + (t**3 - 2 * t**2 + t) * (1 - _START) + (3 * t**2 - 2 * t**3) * _MOST
    return _of_pq(spline * _TOP)


def _to_pq(light: float) -> float:
    power: float = (max(light, 0.0) / 10_000) ** _M1
    return float(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2)


def _of_pq(signal: float) -> float:
    root: float = signal ** (1 / _M2)
    return float(10_000 * (max(root - _C1, 0.0) / (_C2 - _C3 * root)) ** (1 / _M1))


def _of_hlg(signal: float) -> float:
    """Light of the scene, from 0 to 1."""
    return signal**2 / 3 if signal <= 0.5 else float((2.718281828459045 ** ((signal - _C) / _A) + _B) / 12)


def _shown_pq(red: float, green: float, blue: float) -> tuple[float, float, float]:
    return red, green, blue


def _shown_hlg(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """The scene as a screen of ``PEAK`` shows it."""
    luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    gain = PEAK * luma ** (_GAMMA - 1) if luma > 0 else 0.0
    return red * gain, green * gain, blue * gain


_TOP = _to_pq(PEAK)
_MOST = _to_pq(WHITE) / _TOP
_START = 1.5 * _MOST - 0.5
_START_LIGHT = _of_pq(_START * _TOP)
