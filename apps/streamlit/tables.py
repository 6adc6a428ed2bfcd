"""HTML tables: real `<table>` elements that screen readers can read and phones can scroll; every text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

import streamlit as st

from apps.streamlit import formats
from apps.streamlit import status as statuses
from apps.streamlit.wording import html_language, t


@dataclass(frozen=True)
class Cell:
    """One cell: text, whether it is a number, a style of portal.css, a longer text for the pointer, and where it leads.

    `link` is an address inside the portal (`#anchor`, `rulebook?q=...`).
    """

    text: str
    is_number: bool = False
    style: str = ""
    title: str = ""
    link: str = ""


def figure(text: str) -> Cell:
    return Cell(text, is_number=True)


def unpublished(status: str, coverage: float | None = None, floor: float | None = None) -> Cell:
    """The cell of a value that is not published."""
    return Cell(
        f"{statuses.mark(status)} {statuses.word(status)}",
        is_number=True,
        style=f"yj-gap yj-{statuses.style(status)}",
        title=statuses.reason(status, coverage, floor),
    )


def said(value: float | None, status: str | None, unit: str, coverage: float | None = None) -> Cell:
    """The cell of a value with its unit, or of its status; a NULL status means that nothing was said: a dash."""
    if status is None:
        return figure("–")
    if status != statuses.OK or value is None:
        return unpublished(statuses.NO_DATA if status == statuses.OK else status, coverage)
    return figure(formats.with_unit(value, unit))


def with_pending(cell: Cell, pending: str) -> Cell:
    """The cell with the mark of a value that waits for approval; `pending` are its words, empty when none does."""
    if not pending:
        return cell
    title = f"{cell.title} {pending}".strip()
    return replace(cell, text=f"{cell.text} {statuses.PENDING_MARK}", title=title)


def table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[Cell | str]], *, numbers: Sequence[int] = ()
) -> str:
    """The markup of a table; `numbers` are the columns whose heads stand right, above figures."""
    heads = "".join(
        f'<th scope="col"{" class=yj-num" if index in numbers else ""}>{escape(text)}</th>'
        for index, text in enumerate(header)
    )
    body = "".join(f"<tr>{''.join(_cell(cell, index == 0) for index, cell in enumerate(row))}</tr>" for row in rows)
    label = escape(caption, quote=True)
    return (
        f'<div class="yj-table" role="region" tabindex="0" aria-label="{label}" lang="{html_language()}">'
        f"<table><caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def show(
    caption: str,
    header: Sequence[str],
    rows: Sequence[Sequence[Cell | str]],
    *,
    numbers: Sequence[int] = (),
    first: int | None = None,
) -> None:
    """The table on the page; with `first`, the rows after so many wait folded below it."""
    st.html(table(caption, header, rows[:first], numbers=numbers))
    if first is not None and len(rows) > first:
        with st.expander(t("table.more", count=formats.number(len(rows) - first))):
            st.html(table(caption, header, rows[first:], numbers=numbers))


def _cell(cell: Cell | str, is_row_head: bool) -> str:
    if isinstance(cell, str):
        cell = Cell(cell)
    classes = " ".join(filter(None, ("yj-num" if cell.is_number else "", cell.style)))
    attributes = f' class="{classes}"' if classes else ""
    if cell.title:
        attributes += f' title="{escape(cell.title, quote=True)}"'
    tag = 'th scope="row"' if is_row_head else "td"
    words = escape(cell.text)
    if cell.link:
        words = f'<a href="{escape(cell.link, quote=True)}" target="_self">{words}</a>'
    return f"<{tag}{attributes}>{words}</{'th' if is_row_head else 'td'}>"
