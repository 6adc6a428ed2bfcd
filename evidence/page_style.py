"""How pages look: Latin in Helvetica, Chinese in STSong-Light (a CID font every PDF reader brings), one red, one blue."""

from __future__ import annotations

import re
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Group, String
from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.platypus import Paragraph, Table, TableStyle

CHINESE, LATIN, BOLD, MONO = "STSong-Light", "Helvetica", "Helvetica-Bold", "Courier"
registerFont(UnicodeCIDFont(CHINESE))

INK, FAINT, RULE = HexColor("#1b2733"), HexColor("#5d6b78"), HexColor("#c6ced6")
PAPER, BAND = HexColor("#f4f6f8"), HexColor("#e8edf2")
ACCENT, PERMIT, CAMERA = HexColor("#b3261e"), HexColor("#1f5fa8"), HexColor("#6a3fa0")
CONTENT_WIDTH: Final = 481.0  # points: A4 less the margins

# Whatever Helvetica's WinAnsi encoding has no glyph for is set in the Chinese font.
_FOREIGN: Final = re.compile(r"([^\x20-\x7e\u00a0-\u00ff\u2013\u2014\u2022]+)")

_BASE = ParagraphStyle("base", fontName=LATIN, fontSize=8.6, leading=12.2, textColor=INK)
STYLES: Final = {
    "title": ParagraphStyle("title", _BASE, fontName=BOLD, fontSize=18, leading=24),
    "subtitle": ParagraphStyle("subtitle", _BASE, fontSize=11, leading=15, textColor=FAINT),
    "heading": ParagraphStyle(
        "heading", _BASE, fontName=BOLD, fontSize=11.5, leading=16, spaceBefore=11, spaceAfter=4, keepWithNext=True
    ),
    "body": ParagraphStyle("body", _BASE),
    "zh": ParagraphStyle("zh", _BASE, fontName=CHINESE, wordWrap="CJK", fontSize=9, leading=13.2),
    "note": ParagraphStyle("note", _BASE, fontSize=7.6, leading=10.4, textColor=FAINT, spaceBefore=3),
    "under": ParagraphStyle("under", _BASE, fontSize=7.6, leading=10.4, textColor=FAINT, leftIndent=6),
    "cell": ParagraphStyle("cell", _BASE, fontSize=7.8, leading=10.4),
    "cell_zh": ParagraphStyle("cell_zh", _BASE, fontSize=7.8, leading=10.4, wordWrap="CJK"),
    "label": ParagraphStyle("label", _BASE, fontSize=7.8, leading=10.4, textColor=FAINT),
    "mono": ParagraphStyle("mono", _BASE, fontName=MONO, fontSize=6.6, leading=8.4, wordWrap="CJK"),
    "warning": ParagraphStyle(
        "warning", _BASE, textColor=ACCENT, borderColor=ACCENT, borderWidth=0.7, borderPadding=5, spaceBefore=8,
        spaceAfter=8, leftIndent=6, rightIndent=6,
    ),
}  # fmt: skip


def paragraph(text: str, style: str = "body") -> Paragraph:
    """Text as a paragraph; markup characters in it are only text."""
    # One font throughout where Chinese leads: only then are marks kept from beginning a line.
    return Paragraph(escape(text) if style == "zh" else mixed(text), STYLES[style])


def mixed(text: str) -> str:
    """Text escaped, its Chinese runs in the Chinese font."""
    return _FOREIGN.sub(rf'<font name="{CHINESE}">\1</font>', escape(text))


def label(
    text: str, x: float, y: float, *, size: float = 7, color: Any = INK, anchor: str = "start", bold: bool = False
) -> Group:
    """Text of both scripts in a drawing, `x` being its start, middle or end."""
    runs = [run for run in _FOREIGN.split(text) if run]
    fonts = [CHINESE if _FOREIGN.fullmatch(run) else BOLD if bold else LATIN for run in runs]
    widths = [stringWidth(run, font, size) for run, font in zip(runs, fonts, strict=True)]
    x -= {"start": 0.0, "middle": sum(widths) / 2, "end": sum(widths)}[anchor]
    group = Group()
    for run, font, width in zip(runs, fonts, widths, strict=True):
        group.add(String(x, y, run, fontName=font, fontSize=size, fillColor=color))
        x += width
    return group


def text_width(text: str, size: float) -> float:
    return sum(
        stringWidth(run, CHINESE if _FOREIGN.fullmatch(run) else LATIN, size) for run in _FOREIGN.split(text) if run
    )


def facts_table(rows: list[tuple[str, str]], widths: tuple[float, float] = (150, CONTENT_WIDTH - 150)) -> Table:
    """Labels and values, one fact a line."""
    cells = [[paragraph(name, "label"), paragraph(value or "-", "cell")] for name, value in rows]
    return Table(cells, colWidths=widths, style=TableStyle(_lines()), hAlign="LEFT")


def list_table(header: list[str], rows: list[list[Any]], widths: list[float]) -> Table:
    """A table with a header that repeats on each page; texts become paragraphs."""
    head = [paragraph(name, "label") for name in header]
    body = [[paragraph(cell, "cell") if isinstance(cell, str) else cell for cell in row] for row in rows]
    style = [*_lines(), ("BACKGROUND", (0, 0), (-1, 0), BAND)]
    return Table([head, *body], colWidths=widths, repeatRows=1, style=TableStyle(style), hAlign="LEFT")


def _lines() -> list[tuple[Any, ...]]:
    return [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ]
