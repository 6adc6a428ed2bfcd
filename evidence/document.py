"""The pack's PDF: the case on the first page, then map and chart, what it rests on, and every raw line."""

from __future__ import annotations

import io
from typing import Any, Final

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, KeepTogether, PageBreak, PageTemplate, Spacer

from evidence.case_pages import alarms_section, case_page, permit_section, sightings_section, unknown_section
from evidence.dossier import Dossier
from evidence.line_pages import files_section, lines_section
from evidence.local_time import clock
from evidence.map_drawing import map_of
from evidence.page_style import CONTENT_WIDTH, FAINT, RULE, label, paragraph
from evidence.speed_chart import speed_chart

_MARGIN: Final = (A4[0] - CONTENT_WIDTH) / 2
_FOOT: Final = (
    "敏感个人信息，仅限办案 · Sensitive personal information (PIPL Art 28): for this case only, not to be passed on"
)


def pdf_of(dossier: Dossier, geojson_sha256: str) -> bytes:
    """The same dossier gives the same bytes. `geojson_sha256` binds the two files to each other."""
    target = io.BytesIO()
    rule = dossier.rule
    document = BaseDocTemplate(
        target,
        pagesize=A4,
        invariant=1,
        title=f"Evidence: {rule.name_en}",
        author="Yunjian",
        subject=f"{rule.name_zh} {dossier.day}",
        lang="zh-CN",
    )
    frame = Frame(_MARGIN, 52, CONTENT_WIDTH, A4[1] - 52 - 44, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)  # fmt: skip
    document.addPageTemplates(PageTemplate(frames=[frame]))
    document.build(_story(dossier), canvasmaker=_numbered(dossier, geojson_sha256))
    return target.getvalue()


def _story(dossier: Dossier) -> list[Any]:
    trip = dossier.trip
    return [
        *case_page(dossier),
        PageBreak(),
        paragraph("地图 Map", "heading"),
        map_of(dossier),
        paragraph(
            f"WGS-84，局部平面投影，真北朝上。街镇界为示意：{dossier.townships.attribution or '-'} · "
            "Local plane in WGS-84, true north up; the township outlines are a sketch.",
            "note",
        ),
        KeepTogether([
            paragraph("车速 Speed", "heading"),
            speed_chart(dossier),
            paragraph(
                f"{clock(trip['started_at'])} – {clock(trip['ended_at'])}，北京时间；车速为终端所报。"
                "限值是合同参数，不是道路限速 · Times UTC+8; speed as the terminal told it; the limit is a parameter of the "
                "contract, not the road's.",
                "note",
            ),
        ]),
        *permit_section(dossier),
        *alarms_section(dossier),
        *sightings_section(dossier),
        *unknown_section(dossier),
        *files_section(dossier),
        *lines_section(dossier),
        Spacer(1, 2),
    ]  # fmt: skip


def _numbered(dossier: Dossier, geojson_sha256: str) -> type[Canvas]:
    """A canvas that writes head and foot when the number of pages is known."""

    class Numbered(Canvas):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for page in self._pages:
                self.__dict__.update(page)
                _head_and_foot(self, dossier, geojson_sha256, len(self._pages))
                super().showPage()
            super().save()

    return Numbered


def _head_and_foot(canvas: Canvas, dossier: Dossier, geojson_sha256: str, pages: int) -> None:
    from reportlab.graphics import renderPDF
    from reportlab.graphics.shapes import Drawing

    right = A4[0] - _MARGIN
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.5)
    canvas.line(_MARGIN, 44, right, 44)
    drawing = Drawing(A4[0], A4[1])
    drawing.add(label(_FOOT, _MARGIN, 33, size=6.6, color=FAINT))
    drawing.add(label(f"GeoJSON SHA-256 {geojson_sha256}", _MARGIN, 23, size=6.2, color=FAINT))
    drawing.add(label(f"{canvas.getPageNumber()} / {pages}", right, 33, size=7, color=FAINT, anchor="end"))
    if canvas.getPageNumber() > 1:
        text = f"{dossier.rule.name_zh} {dossier.rule.name_en} · {dossier.day} · {dossier.trip['trip_id']}"
        drawing.add(label(text, _MARGIN, A4[1] - 30, size=6.8, color=FAINT))
    renderPDF.draw(drawing, canvas, 0, 0)
