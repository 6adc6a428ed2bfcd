"""Restatements: what changed after it was published, why, who let it into a closed month, and what waits for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any

import polars as pl
import streamlit as st

from apps.streamlit import evidence, filters, formats, frame, tables
from apps.streamlit.edition import Edition
from apps.streamlit.queries import kpis, restatements
from apps.streamlit.queries.places import places
from apps.streamlit.queries.restatements import Chosen
from apps.streamlit.wording import html_language, name_of, t, t_or

STATES = ("all", "pending", "published", "approved", "superseded")
MOST_ROWS = 200
Definitions = Mapping[str, Mapping[str, Any]]


def page() -> None:
    edition = frame.title("restatements.title")
    st.markdown(t("restatements.intro"))
    definitions = kpis.definitions(edition, edition.data_through)
    names = {place.area_code: place.name for place in places(edition)}
    chosen = _filters(edition, definitions, names)
    counts = restatements.counts(edition, chosen)
    _summary(counts)
    if counts.is_empty():
        st.info(t("restatements.nothing"))
    else:
        _by_edition(edition, chosen)
        rows = restatements.ledger(edition, chosen, MOST_ROWS)
        _ledger(rows, int(counts["figures"].sum()), definitions, names)
        _one(edition, rows, definitions, names)
    _as_of(edition, definitions, names, chosen.area or next(iter(names)))
    st.caption(t("restatements.note"))


def _filters(edition: Edition, definitions: Definitions, names: Mapping[str, str]) -> Chosen:
    state = filters.group("state", t("filter.state"), {code: t(f"restated.{code}") for code in STATES})
    a, b, c, d = st.columns([3, 2, 2, 3])
    with a:
        kpi = filters.pick_or_all("kpi", t("filter.kpi"), {code: name_of(row) for code, row in definitions.items()})
    with b:
        area = filters.pick_or_all("area", t("filter.place"), names)
    with c:
        causes = {code: evidence.cause(code) for code in restatements.causes(edition)}
        cause = filters.pick_or_all("cause", t("table.cause"), causes)
    with d:
        past = {code: code for code in restatements.editions(edition)}
        by = filters.pick_or_all("by", t("restatements.by"), past)
    return Chosen(state="" if state == "all" else state, kpi=kpi, area=area, cause=cause, edition=by)


def _summary(counts: pl.DataFrame) -> None:
    def total(**wanted: str) -> int:
        return int(counts.filter(**wanted)["figures"].sum())

    facts = [
        (t("restatements.total"), counts["figures"].sum() or 0, t("restatements.total.note")),
        (t("restated.pending"), total(state="pending"), t("restatements.pending.note")),
        (t("restated.approved"), total(state="approved"), t("restatements.approved.note")),
        (t("cause.unexplained"), total(cause="unexplained"), t("restatements.unexplained.note")),
    ]
    cells = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{escape(formats.number(count))}<small>{escape(note)}</small></dd></div>"
        for label, count, note in facts
    )
    st.html(f'<dl class="yj-strip" lang="{html_language()}">{cells}</dl>')


def _by_edition(edition: Edition, chosen: Chosen) -> None:
    rows: list[list[tables.Cell | str]] = []
    for row in restatements.by_edition(edition, chosen).iter_rows(named=True):
        when = "–" if row["published_at"] is None else formats.moment(formats.utc(row["published_at"]))
        waits = tables.figure(formats.number(row["pending"]))
        if row["pending"]:
            waits = tables.Cell(waits.text, is_number=True, style="yj-waits")
        rows.append([
            row["edition"], when, _cause(row["cause"]), *(tables.figure(formats.number(row[n])) for n in ("figures", "kpis", "areas")),
            waits, filters.span_words(row["first_date"], row["last_date"]),
        ])  # fmt: skip
    header = [
        t("frame.edition"), f"{t('frame.published')} ({t('frame.zone')})", t("table.cause"), t("restatements.figures"),
        t("restatements.kpis"), t("restatements.areas"), t("restatements.of_which_pending"), t("restatements.days"),
    ]  # fmt: skip
    tables.show(t("restatements.by_edition"), header, rows, numbers=range(3, 7), first=8)


def _cause(code: str) -> tables.Cell:
    return tables.Cell(evidence.cause(code), style="yj-bad" if code == "unexplained" else "")


def _unit(definitions: Definitions, code: str) -> str:
    return str(definitions.get(code, {}).get("unit") or "")


def _name(definitions: Definitions, code: str) -> str:
    return name_of(definitions[code]) if code in definitions else code


def _ledger(rows: pl.DataFrame, total: int, definitions: Definitions, names: Mapping[str, str]) -> None:
    lines: list[list[tables.Cell | str]] = []
    for row in rows.iter_rows(named=True):
        code = row["kpi_code"]
        unit = _unit(definitions, code)
        now = tables.said(row["now_value"], row["now_status"], unit, row["now_coverage"])
        state = tables.Cell(_state(row["state"]))
        if row["state"] == "pending":  # not in force: never to be read as the official value
            now, state = replace(now, style=f"{now.style} yj-waits"), replace(state, style="yj-waits")
        lines.append([
            tables.Cell(_name(definitions, code), title=code), names.get(row["area_code"], row["area_code"]),
            formats.day(row["business_date"]),
            tables.said(row["as_published_value"], row["as_published_status"], unit, row["as_published_coverage"]),
            now, _what(row), _delta(row["rows_flipped"]), _cause(row["cause"]), state,
            tables.Cell(row["restatement_id"], style="yj-code"),
        ])  # fmt: skip
    header = [
        t("table.kpi"), t("filter.place"), t("table.day"), t("restatements.as_published"), t("restatements.now"),
        t("restatements.what"), t("restatements.flipped"), t("table.cause"), t("filter.state"), t("restatements.id"),
    ]  # fmt: skip
    st.header(t("restatements.ledger"), anchor=False)
    if total > rows.height:
        st.caption(t("restatements.cut", shown=formats.number(rows.height), total=formats.number(total)))
    tables.show(t("restatements.ledger.caption"), header, lines, numbers=(3, 4, 6), first=20)


def _state(code: str) -> str:
    return t_or(f"restated.{code}", code)


def _what(row: Mapping[str, Any]) -> str:
    return t_or(f"change.{row['change']}", str(row["change"] or "–"))


def _delta(count: int | None) -> tables.Cell:
    return tables.figure("–" if count is None else formats.number(count))


def _one(edition: Edition, rows: pl.DataFrame, definitions: Definitions, names: Mapping[str, str]) -> None:
    """One change in full: both statements side by side, the evidence, and what every edition said of the figure."""
    st.header(t("restatements.one"), anchor=False)
    labels = {row["restatement_id"]: _label(row, definitions, names) for row in rows.iter_rows(named=True)}
    asked = str(st.session_state.get("change") or st.query_params.get("change") or "")
    linked = restatements.one(edition, asked) if asked and asked not in labels else None
    if linked:  # a link to a change that the list is too short for, or that the filters leave out
        labels[asked] = _label(linked, definitions, names)
    row = restatements.one(edition, filters.pick("change", t("restatements.pick"), labels))
    if row is None:
        return
    unit, code = _unit(definitions, row["kpi_code"]), row["kpi_code"]
    left, right = st.columns([6, 5])
    with left:
        _statements(row, unit)
        if row["state"] == "pending":
            st.markdown(t("restatements.approve"))
            st.code(f'yunjian restate approve {row["restatement_id"]} --by "…" --reason "…"', language=None)
    with right:
        evidence.show(row)
    history: list[list[tables.Cell | str]] = []
    for said in restatements.history(edition, code, row["area_code"], row["business_date"]).iter_rows(named=True):
        since = "–" if said["published_at"] is None else formats.moment(formats.utc(said["published_at"]))
        history.append([
            said["first_edition"], since, said["last_edition"], tables.said(said["value"], said["status"], unit, said["coverage"]),
            str(said["rule_version"] or "–"), tables.Cell(said["restatement_id"] or t("restatements.first"), style="yj-code"),
        ])  # fmt: skip
    header = [
        t("restatements.from"), f"{t('frame.published')} ({t('frame.zone')})", t("restatements.to"), t("table.value"),
        t("restatements.rule"), t("restatements.id"),
    ]  # fmt: skip
    tables.show(t("restatements.history", what=labels[row["restatement_id"]]), header, history, numbers=(3,))


def _label(row: Mapping[str, Any], definitions: Definitions, names: Mapping[str, str]) -> str:
    where = names.get(row["area_code"], row["area_code"])
    return f"{_name(definitions, row['kpi_code'])} · {where} · {formats.day(row['business_date'])} · {row['restatement_id']}"


def _statements(row: Mapping[str, Any], unit: str) -> None:
    def number(value: float | None) -> tables.Cell:
        return tables.figure("–" if value is None else formats.number(value, 2))

    def share(value: float | None) -> tables.Cell:
        return tables.figure(t("tile.coverage.none") if value is None else formats.percent(value))

    lines: list[list[tables.Cell | str]] = [
        [
            t("table.value"),
            *(tables.said(row[f"{side}_value"], row[f"{side}_status"], unit) for side in evidence.SIDES),
        ],
        [t("rule.numerator"), *(number(row[f"{side}_numerator"]) for side in evidence.SIDES)],
        [t("rule.denominator"), *(number(row[f"{side}_denominator"]) for side in evidence.SIDES)],
        [t("table.coverage"), *(share(row[f"{side}_coverage"]) for side in evidence.SIDES)],
        [t("restatements.rule"), *(tables.figure(str(row[f"{side}_rule_version"] or "–")) for side in evidence.SIDES)],
        [
            t("frame.edition"),
            *(
                tables.Cell(row[name] or "–", is_number=True, style="yj-code")
                for name in ("as_published_edition", "edition")
            ),
        ],
    ]
    pending = row["state"] == "pending"
    header = [
        t("restatements.item"), t("restatements.official") if pending else t("restatements.as_published"),
        t("restated.pending") if pending else t("restatements.now"),
    ]  # fmt: skip
    tables.show(t("restatements.statements"), header, lines, numbers=(1, 2))


def _as_of(edition: Edition, definitions: Definitions, names: Mapping[str, str], area: str) -> None:
    """All indicators of an area and day as a past edition stated them, beside what is official now."""
    st.header(t("restatements.as_of"), anchor=False)
    published = {
        row["edition"]: f"{formats.moment(formats.utc(row['published_at']))} · {row['edition']}"
        for row in restatements.past_editions(edition).iter_rows(named=True)
    }
    if not published:
        st.info(t("restatements.as_of.first"))
        return
    left, right, _ = st.columns([4, 2, 2])
    with left:
        past = filters.pick("as_of", t("frame.edition"), published)
    with right:
        day = filters.day(edition)
    rows = _as_of_rows(restatements.as_of(edition, past, area, day), definitions)
    if not rows:
        st.info(t("restatements.as_of.nothing"))
        return
    header = [
        t("table.kpi"),
        t("restatements.then"),
        t("restatements.official_now"),
        t("restatements.differs"),
        t("restated.pending"),
    ]
    caption = t("restatements.as_of.caption", place=names[area], day=formats.day(day), edition=past)
    tables.show(caption, header, rows, numbers=(1, 2, 4), first=20)


def _as_of_rows(found: pl.DataFrame, definitions: Definitions) -> list[list[tables.Cell | str]]:
    rows: list[list[tables.Cell | str]] = []
    for row in found.iter_rows(named=True):
        unit = _unit(definitions, row["kpi_code"])
        verdict = tables.Cell(t("restatements.same"))
        if row["status"] is None:
            verdict = tables.Cell(t("restatements.not_yet"))
        elif any(row[name] != row[f"now_{name}"] for name in ("value", "status", "coverage", "rule_version")):
            verdict = tables.Cell(t("restatements.changed"), style="yj-waits")
        rows.append([
            tables.Cell(_name(definitions, row["kpi_code"]), title=row["kpi_code"]),
            tables.said(row["value"], row["status"], unit, row["coverage"]),
            tables.said(row["now_value"], row["now_status"], unit, row["now_coverage"]), verdict,
            tables.said(row["pending_value"], row["pending_status"], unit),
        ])  # fmt: skip
    return rows


page()
