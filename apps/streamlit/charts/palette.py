"""Colours and fonts of every chart.

Categories use Okabe and Ito's palette, made to be told apart with any kind of colour blindness (doi 10.1038/nmeth.1618,
its yellow left out: too pale on white); never colour alone: series also differ in dash or are labelled.
"""

from __future__ import annotations

from typing import Any, Final

FONT: Final = (
    "Noto Sans CJK SC, Noto Sans SC, PingFang SC, Microsoft YaHei, Source Han Sans SC, WenQuanYi Zen Hei, sans-serif"
)
INK: Final = "#16202c"
MUTED: Final = "#52606d"
GRID: Final = "#e3e8ef"
BLUE: Final = "#0b5cad"
TARGET: Final = "#b3490b"
GAP: Final = "#8793a1"
CATEGORIES: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#333333", "#7a5195")
DASHES: Final = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (1, 0), (6, 3), (2, 2), (8, 3, 2, 3))
SEQUENCE: Final = ("#e6f0fa", "#b3d1ee", "#74a9d8", "#3579b8", "#0b3f7a")  # light to dark, for maps


def config() -> dict[str, Any]:
    """The Vega-Lite configuration shared by all charts."""
    text = {"labelFont": FONT, "titleFont": FONT, "labelColor": INK, "titleColor": MUTED}
    return {
        "font": FONT,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": {**text, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "gridColor": GRID,
                 "domainColor": GAP, "tickColor": GAP},
        "legend": {**text, "labelFontSize": 12, "titleFontSize": 12, "orient": "bottom", "labelLimit": 220, "columns": 2,
                   "symbolStrokeWidth": 3, "symbolSize": 160},
        "title": {"font": FONT, "color": INK, "anchor": "start"},
        "text": {"font": FONT},
    }  # fmt: skip
