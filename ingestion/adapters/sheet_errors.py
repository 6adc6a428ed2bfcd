"""Cells of a workbook's first sheet that hold an error, such as `#N/A` of a lookup that found nothing.

The workbook's reader takes such a cell for an empty one: an optional value would be missing without a word. They are
looked for in the sheet's own XML (ECMA-376 part 1, 18.3.1.4: a cell of type `e`), and only where there is one at all.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, iterparse

_IS_ERROR = re.compile(rb"""\st\s*=\s*["']e["']""")
_CHUNK = 1 << 20  # bytes
_OVERLAP = 64  # bytes: an attribute may lie across two chunks
_LETTERS = re.compile(r"[A-Z]{1,3}")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def error_cells(path: Path) -> dict[tuple[int, int], str]:
    """The errors of the first sheet by row, from 1, and column, from 0: {(4, 1): "#N/A"}."""
    with zipfile.ZipFile(path) as parts:
        sheet = _first_sheet(parts)
        if sheet is None or sheet not in parts.namelist():
            return {}
        with parts.open(sheet) as xml:
            if not _has_errors(xml):
                return {}
        with parts.open(sheet) as xml:
            return {(row, column): error for row, column, error in _errors(xml)}


def _first_sheet(parts: zipfile.ZipFile) -> str | None:
    """The part that holds the sheet which the workbook names first; None for what is no such workbook."""
    names = parts.namelist()
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return None
    with parts.open("xl/workbook.xml") as xml:
        first = next((element.get(_RELATION) for element in _ended(xml) if _name(element) == "sheet"), None)
    with parts.open("xl/_rels/workbook.xml.rels") as xml:
        for element in _ended(xml):
            if _name(element) == "Relationship" and element.get("Id") == first:
                return posixpath.normpath(posixpath.join("/xl", element.get("Target", ""))).lstrip("/")
    return None


def _has_errors(xml: IO[bytes]) -> bool:
    before = b""
    while chunk := xml.read(_CHUNK):
        if _IS_ERROR.search(before + chunk):
            return True
        before = chunk[-_OVERLAP:]
    return False


def _errors(xml: IO[bytes]) -> Iterator[tuple[int, int, str]]:
    """Row and column are optional in the format: without them a cell follows the one before."""
    row, column = 0, -1
    in_row = False
    # The child process has limits, and expat takes neither outer entities nor floods of inner ones.
    for event, element in iterparse(xml, events=("start", "end")):  # noqa: S314
        name = _name(element)
        if name == "row":
            in_row = event == "start"
            if in_row:
                row, column = int(element.get("r") or row + 1), -1
            else:
                element.clear()
        elif name == "c" and in_row and event == "end":
            letters = _LETTERS.match(element.get("r") or "")
            column = _number(letters.group()) if letters else column + 1
            if element.get("t") == "e":
                yield row, column, next((v.text or "" for v in element if _name(v) == "v"), "") or "#ERROR"
            element.clear()


def _ended(xml: IO[bytes]) -> Iterator[Element]:
    return (element for _, element in iterparse(xml))  # noqa: S314 - as below


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _number(letters: str) -> int:
    """The place of a column, from 0: A is 0, AA is 26."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1
