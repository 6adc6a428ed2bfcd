"""Mass balance: what permits declare, trucks hauled, sites received and receipts settle; the greatest differences first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from html import escape
from typing import Any

import polars as pl
import streamlit as st

from apps.streamlit import filters, formats, frame, rules, tables, tiles
from apps.streamlit import status as statuses
from apps.streamlit.charts import dots
from apps.streamlit.edition import Edition
from apps.streamlit.queries import balance, kpis
from apps.streamlit.queries.places import district_code
from apps.streamlit.wording import html_language, name_of, t

DRAWN = 10  # permits in the chart
MOST_ROWS = 30
HAULED = ("hauled_m3", "received_m3")  # from the tracks of trucks
SETTLED = ("receipts_m3",)  # from receipts
DESCRIBED = ("declared_m3", "received_m3", "receipts_m3")  # of which the indicator's rule does not speak
COMPARED = ("difference_m3", "difference_share")  # from both
FIGURES = (*COMPARED, "declared_m3", *HAULED, *SETTLED)  # the difference first: a phone shows no more of a table


def page() -> None:
    edition = frame.title("mass_balance.title")
    months = balance.months(edition)
    if not months:
        frame.notice(statuses.NO_DATA, t("mass_balance.nothing"))
        return
    left, middle, right, _ = st.columns([2, 3, 3, 2])
    with left:
        named = {f"{month:%Y-%m}": month for month in months}
        month = named[
            filters.pick("month", t("filter.month"), {code: formats.month(day) for code, day in named.items()})
        ]
    every = balance.permits(edition, month)
    with middle:
        carrier = filters.pick_or_all("carrier", t("filter.carrier"), _names(every, "carrier"))
    with right:
        site = filters.pick_or_all("site", t("filter.site"), _names(every, "site_id", "receiving_site_id"))
    day = balance.last_day(edition, month)
    definition = kpis.definitions(edition, day).get(balance.KPI)
    _rule(edition, definition, day)
    st.header(t("mass_balance.headline", month=formats.month(month)), anchor=False)
    missing = _arrived(edition, month)
    found = balance.permits(edition, month, carrier, site)
    if found.is_empty():
        st.info(t("mass_balance.no_match"))
        return
    _totals(balance.totals(edition, month, carrier, site), missing)
    _chart(found, missing)
    _permits(found, missing, definition)
    frame.end(t("mass_balance.note"))


def _names(rows: pl.DataFrame, *columns: str) -> dict[str, str]:
    """Every code in the columns -> how it reads."""
    codes = sorted({code for column in columns for code in rows[column].to_list() if code})
    return {code: _site(code) for code in codes}


def _site(code: str | None) -> str:
    return t("mass_balance.site_unknown") if code in (None, balance.UNKNOWN_SITE) else str(code)


def _permit(code: str) -> str:
    return t("mass_balance.no_permit") if code == balance.NO_PERMIT else code


def _way(row: Mapping[str, Any]) -> str:
    """From the site of loading to the one that receives."""
    site = _site(row["site_id"])
    return f"{site} → {row['receiving_site_id']}" if row["receiving_site_id"] else site


def _rule(edition: Edition, definition: Mapping[str, Any] | None, day: date) -> None:
    """The indicator, and beside it what its rule says of hauled, settled and the difference."""
    if definition is None:
        st.info(t("mass_balance.no_rule"))
        return
    area = district_code(edition)
    series = kpis.series(edition, [balance.KPI], area, day - timedelta(days=13), day)
    st.header(t("overview.headline", place=t("place.district"), day=formats.day(day)), anchor=False)
    left, right = st.columns([2, 5])
    with left:
        reading = tiles.readings({balance.KPI: definition}, series, day, area).get(balance.KPI)
        if reading is None:  # a month of which the edition holds no indicator at all
            frame.notice(statuses.NO_DATA, f"{name_of(definition)} · {statuses.reason(statuses.NO_DATA, None)}")
        else:
            tiles.show(reading)
    with right:
        wanted = (
            t("rule.formula"),
            t("rule.numerator"),
            t("rule.denominator"),
            t("rule.example"),
            t("rule.legal_basis"),
        )
        stated = [(label, text) for label, text in rules.facts(definition) if label in wanted]
        stated += [(t(f"mass_balance.{name}"), t(f"mass_balance.{name}.what")) for name in DESCRIBED]
        cells = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(text)}</dd></div>" for label, text in stated)
        st.html(f'<dl class="yj-facts yj-narrow" lang="{html_language()}">{cells}</dl>')


def _arrived(edition: Edition, month: date) -> set[str]:
    """The columns of which nothing is known, because nothing arrived to count; says what is missing."""
    days = balance.arrived(edition, month)
    missing: set[str] = set()
    for what, columns in (("tracked", HAULED), ("settled", SETTLED)):
        if days[what] == 0:
            missing |= {*columns, *COMPARED}
            frame.notice(statuses.NO_DATA, t(f"mass_balance.{what}.none", month=formats.month(month)))
        elif days[what] < days["days"]:
            words = t(f"mass_balance.{what}.some", count=formats.number(days[what]), days=formats.number(days["days"]))
            st.warning(words, icon=":material/visibility_off:")
    return missing


def _volume(value: float | None) -> str:
    if value is None:
        return f"{statuses.mark(statuses.NO_DATA)} {statuses.word(statuses.NO_DATA)}"
    return formats.with_unit(value, "m3")


def _signed(value: float) -> str:
    return formats.signed(value, formats.amount(abs(value), "m3")) if value else formats.amount(0.0, "m3")


def _percent(share: float) -> str:
    return f"−{formats.percent(abs(share))}" if share < 0 else formats.percent(share)


def _counted(key: str, count: int, unmeasured: int) -> str:
    """How many trips or receipts a volume is of, and how many more have none; no key, no noun."""
    words = t(key, count=formats.number(count)) if key else formats.number(count)
    return words + t("mass_balance.unmeasured", count=formats.number(unmeasured)) if unmeasured else words


def _totals(sums: Mapping[str, Any], missing: set[str]) -> None:
    known = {name: None if name in missing else value for name, value in sums.items()}
    declared = t("mass_balance.of_permits", count=formats.number(sums["permits"]))
    if sums["undeclared"]:
        declared += t("mass_balance.undeclared", count=formats.number(sums["undeclared"]))
    notes = {
        "declared_m3": declared,
        "hauled_m3": _counted("mass_balance.of_trips", sums["trips"], sums["unmeasured_trips"]),
        "received_m3": t("mass_balance.of_trips", count=formats.number(sums["received_trips"])),
        "receipts_m3": _counted("mass_balance.of_receipts", sums["receipts"], sums["unmeasured_receipts"]),
        "difference_m3": "" if known["difference_share"] is None else
        t("mass_balance.of_hauled", share=_percent(known["difference_share"])),
    }  # fmt: skip
    cells = ""
    for name, note in notes.items():
        value, head = known[name], escape(t(f"mass_balance.{name}"))
        if value is None:
            cells += f'<div><dt>{head}</dt><dd class="yj-missing">{escape(_volume(None))}</dd></div>'
            continue
        words = _signed(value) if name in COMPARED else formats.amount(value, "m3")
        unit = f'<span class="yj-unit">{escape(formats.unit_word("m3"))}</span>'
        cells += f"<div><dt>{head}</dt><dd>{escape(words)}{unit}<small>{escape(note)}</small></dd></div>"
    st.html(f'<dl class="yj-strip" lang="{html_language()}">{cells}</dl>')


def _label(row: Mapping[str, Any]) -> str:
    permit = _permit(row["permit_id"])
    return f"{permit} · {_site(row['site_id'])}" if row["permit_id"] == balance.NO_PERMIT else permit


def _chart(found: pl.DataFrame, missing: set[str]) -> None:
    measures = [name for name in (*HAULED, *SETTLED) if name not in missing]
    if not measures:
        return
    rows = [
        {"label": _label(row), "kind": t(f"mass_balance.{name}"), "value": row[name], "shown": _volume(row[name])}
        for row in found.head(DRAWN).iter_rows(named=True)
        for name in measures
    ]  # fmt: skip
    order = list(dict.fromkeys(str(row["label"]) for row in rows))
    chart = dots.dots(
        pl.DataFrame(rows, schema_overrides={"value": pl.Float64}), order=order, value_title=formats.unit_word("m3"),
        kinds=[t(f"mass_balance.{name}") for name in measures],
    )  # fmt: skip
    st.altair_chart(chart, width="stretch", theme=None, alt=t("mass_balance.describe"))
    if found.height > DRAWN:
        st.caption(t("mass_balance.drawn", count=DRAWN))


def _permits(found: pl.DataFrame, missing: set[str], definition: Mapping[str, Any] | None) -> None:
    target = (definition or {}).get("target")

    def figure(row: Mapping[str, Any], name: str) -> tables.Cell:
        if name == "declared_m3" and row["permit_id"] == balance.NO_PERMIT:
            return tables.figure("–")
        if name in missing or row[name] is None:
            if name == "difference_share" and name not in missing and row["difference_m3"] is not None:
                return tables.Cell(t("mass_balance.nothing_hauled"), is_number=True, style="yj-none")
            return tables.unpublished(statuses.NO_DATA)
        if name == "difference_share":
            over = target is not None and row[name] > float(target)
            return tables.Cell(_percent(row[name]), is_number=True, style="yj-bad" if over else "")
        words = _signed(row[name]) if name in COMPARED else formats.amount(row[name], "m3")
        return tables.figure(words)

    lines: list[list[tables.Cell | str]] = []
    for row in found.iter_rows(named=True):
        has_rank = "difference_m3" not in missing and row["difference_m3"] is not None
        rank = f"{formats.number(row['difference_rank'])}. " if has_rank else ""
        trips = "–" if "hauled_m3" in missing else _counted("", row["trips"], row["unmeasured_trips"])
        receipts = "–" if "receipts_m3" in missing else _counted("", row["receipts"], row["unmeasured_receipts"])
        lines.append([
            f"{rank}{_permit(row['permit_id'])}", *(figure(row, name) for name in FIGURES), tables.figure(trips),
            tables.figure(receipts), row["carrier"] or "–", _way(row),
        ])  # fmt: skip
    header = [t("mass_balance.permit"), *(t(f"mass_balance.{name}") for name in (*FIGURES, "trips", "receipts")),
              t("waste_haulage.carrier"), t("mass_balance.way")]  # fmt: skip
    tables.show(t("mass_balance.caption"), header, lines, numbers=range(1, 9), first=MOST_ROWS)


page()
