"""Why a published figure changed: cause, files, rows that moved, approval; as the ledger derived it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any, Final

import streamlit as st

from apps.streamlit import formats, tables
from apps.streamlit.wording import html_language, t, t_or

SIDES: Final = ("as_published", "now")
_PARTS: Final = ("numerator_joined", "numerator_left", "denominator_joined", "denominator_left")
_FILE_FACTS: Final = ("new_rows", "replaced_rows", "late_rows")


def cause(code: str) -> str:
    """The words of a cause."""
    return t_or(f"cause.{code}", code)


def show(row: Mapping[str, Any]) -> None:
    """Cause, evidence and approval of one row of `restatements`."""
    known = _read(row["evidence"])
    facts = [
        (t("table.cause"), cause(row["cause"])),
        (t("evidence.state"), t_or(f"restated.{row['state']}", row["state"])),
    ]
    for key, value in known.items():
        if key not in ("files", "files_in_all"):
            facts.append((t_or(f"evidence.{key}", key), _words(value)))
    for part in ("numerator", "denominator"):
        delta = row[f"{part}_delta"]
        if delta is not None:
            facts.append((t(f"evidence.{part}_delta"), formats.signed(delta, formats.number(abs(delta), 2))))
    if row["rows_flipped"] is not None:
        facts.append((t("evidence.rows_flipped"), formats.number(row["rows_flipped"])))
    moved = _read(row["row_ids"])
    facts += [(t(f"evidence.{part}"), ", ".join(str(one) for one in moved[part])) for part in _PARTS if moved.get(part)]
    if row["approved_by"]:
        when = "" if row["approved_at"] is None else formats.moment(formats.utc(row["approved_at"]))
        facts.append((t("evidence.approved"), f"{row['approved_by']} · {when} {t('frame.zone')}"))
        facts.append((t("evidence.approval_reason"), str(row["approval_reason"] or "–")))
    cells = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(text)}</dd></div>" for label, text in facts)
    st.html(f'<dl class="yj-facts yj-narrow" lang="{html_language()}">{cells}</dl>')
    _files(known)


def _files(known: Mapping[str, Any]) -> None:
    files = known.get("files")
    files = [one for one in files if isinstance(one, dict)] if isinstance(files, list) else []
    if not files:
        return
    rows: list[list[tables.Cell | str]] = [
        [
            str(one.get("file") or "–"), t_or(f"feed.{one.get('feed')}", str(one.get("feed") or "–")),
            str(one.get("business_date") or "–"), cause(str(one.get("kind") or "")),
            *(tables.figure(formats.number(int(one.get(name) or 0))) for name in _FILE_FACTS),
            tables.Cell(str(one.get("sha256") or "–")[:12], style="yj-code", title=str(one.get("sha256") or "")),
        ]
        for one in files
    ]  # fmt: skip
    header = [t("evidence.file"), t("table.feed"), t("table.day"), t("evidence.kind"),
              *(t(f"evidence.{name}") for name in _FILE_FACTS), "SHA-256"]  # fmt: skip
    total = known.get("files_in_all")
    count = total if isinstance(total, int) else len(files)
    tables.show(t("evidence.files", count=formats.number(count)), header, rows, numbers=(4, 5, 6), first=10)


def _read(text: str | None) -> dict[str, Any]:
    """The JSON object that the ledger keeps as text; what is none is shown as it stands."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = text
    return found if isinstance(found, dict) else {"evidence": found}


def _words(value: Any) -> str:
    if isinstance(value, list):
        return " → ".join("–" if one is None else str(one) for one in value)
    return "–" if value is None else str(value)
