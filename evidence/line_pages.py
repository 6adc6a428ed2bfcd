"""The raw material: received files with their hashes, and every line of the trip as it was received."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from reportlab.platypus import PageBreak, Spacer

from evidence.dossier import Dossier
from evidence.local_time import clock
from evidence.masking import masked
from evidence.page_style import CONTENT_WIDTH, list_table, paragraph
from evidence.track import Fix

MOST_LINES: Final = 3000  # printed; the GeoJSON has them all
_MOST_CHARACTERS: Final = 4000  # of one line; a frame has 2,200
_ROWS_A_TABLE: Final = 150
_WIDTHS: Final = [54.0, 88.0, CONTENT_WIDTH - 142.0]


def files_section(dossier: Dossier) -> list[Any]:
    """Which files the fixes came in."""
    rows = [
        [
            f"F{number}", masked(file.name), paragraph(file.sha256, "mono"), file.format, f"{file.bytes:,}",
            str(len({fix.line for fix in dossier.fixes if fix.sha256 == file.sha256})),
        ]
        for number, file in enumerate(dossier.files, 1)
    ]  # fmt: skip
    header = ["", "文件 file", "SHA-256", "格式 format", "字节 bytes", "行 lines"]
    checked = sum(1 for fix in dossier.fixes if any(f.sha256 == fix.sha256 and f.format == "jtt808" and f.lines for f in dossier.files))  # fmt: skip
    text = (
        "文件全文已按收到时的 SHA-256 核对无误 · Each file was read to its end and has the hash it was received with."
    )
    if checked:
        agree = checked - len(dossier.disagreeing)
        text += (
            f" 报文重新解码：{agree}/{checked} 次定位与数据湖一致 · "
            f"Frames decoded again: {agree} of {checked} fixes are what the lake says."
        )
    return [
        PageBreak(),
        paragraph("收到的文件 Received files", "heading"),
        list_table(header, rows, [22, 130, 187, 50, 52, 40]),
        paragraph(text, "note"),
    ]


def lines_section(dossier: Dossier) -> list[Any]:
    """Each line once, with the fixes read from it; of CSV files the header line too."""
    fixes: dict[tuple[str, int], list[Fix]] = defaultdict(list)
    for fix in dossier.fixes:
        fixes[fix.sha256, fix.line].append(fix)
    story: list[Any] = [
        paragraph("原始报文 Raw frames and lines", "heading"),
        paragraph(
            "以下为收到的原始行：JT/T 808 报文的十六进制含终端号码（手机号），CSV 行还含号牌，未作遮蔽，仅供核对原件；"
            "本材料其他各处均无明文号牌或号码。",
            "cell_zh",
        ),
        paragraph(
            "These lines stand as received: JT/T 808 frames in hexadecimal carry the terminal's phone number, CSV lines the "
            "plate as well, in clear, so that they can be held against the original. Nowhere else in this pack does a plate "
            "or a number stand in clear.",
            "note",
        ),
        Spacer(1, 4),
    ]
    rows = []
    for number, file in enumerate(dossier.files, 1):
        others = {part: last for last, parts in file.parts.items() for part in parts}
        for line, text in file.lines.items():
            of = fixes.get((file.sha256, line), [])
            said = "表头 header" if line == 1 and not of else ""
            if line in others:
                said = f"第{others[line]}行报文的分包 part of the message of line {others[line]}"
            rows.append([f"F{number}:{line}", said or _read(of), paragraph(_cut(text), "mono")])
    header = ["行 line", "定位 fixes (UTC+8)", "原文 as received"]
    for start in range(0, min(len(rows), MOST_LINES), _ROWS_A_TABLE):  # one long table would be laid out over and over
        story.append(list_table(header, rows[start : min(start + _ROWS_A_TABLE, MOST_LINES)], _WIDTHS))
    if len(rows) > MOST_LINES:
        more = len(rows) - MOST_LINES
        story.append(paragraph(f"另有 {more} 行见GeoJSON · {more} more lines are in the GeoJSON", "note"))
    return story


def _read(fixes: list[Fix]) -> str:
    if not fixes:
        return ""
    first, last = fixes[0], fixes[-1]
    if len(fixes) > 1:
        return (
            f"{clock(first.reported_at, with_date=False)} – {clock(last.reported_at, with_date=False)} ({len(fixes)})"
        )
    speed = "-" if first.speed_kmh is None else f"{first.speed_kmh:g}"
    return f"{clock(first.reported_at, with_date=False)}, {speed} km/h, {first.longitude:.6f} {first.latitude:.6f}"


def _cut(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS:
        return text
    return f"{text[:_MOST_CHARACTERS]} ... ({len(text)} characters, whole in the GeoJSON)"
