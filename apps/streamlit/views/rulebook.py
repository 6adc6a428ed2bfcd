"""Rulebook: every indicator's rule in all its versions, to be searched and linked to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape

import polars as pl
import streamlit as st

from apps.streamlit import filters, formats, frame, rules, tables
from apps.streamlit import status as statuses
from apps.streamlit.anchors import GO_TO_LINKED, anchor
from apps.streamlit.queries import rulebook
from apps.streamlit.queries.places import district_code
from apps.streamlit.queries.rulebook import Rule
from apps.streamlit.wording import LANGUAGES, catalog, html_language, name_of, plain, t, t_or

LONG_TEXT = 60  # characters


def page() -> None:
    edition = frame.title("rulebook.title")
    every = rulebook.versions(edition)
    domains = sorted({str(rule["domain"]) for versions in every.values() for rule in versions})
    left, middle, right = st.columns([4, 2, 2])
    with left:
        words = filters.search("q", t("rulebook.search"), t("rulebook.search.hint"))
    with middle:
        domain = filters.pick_or_all("domain", t("filter.domain"), {code: _domain(code) for code in domains})
    with right:
        day = filters.day(edition)
    found = {
        code: versions
        for code, versions in every.items()
        if (not domain or rulebook.valid_on(versions, day)["domain"] == domain)
        and (_exactly(words, every) in (None, code) and _matches(versions, words))
    }
    if not found:
        st.info(t("rulebook.nothing"))
        return
    if len(found) > 1:
        _contents(found, day)
    month = rulebook.comparisons(edition, district_code(edition), day.replace(day=1), day)
    last = None
    for code, versions in sorted(
        found.items(), key=lambda item: (str(rulebook.valid_on(item[1], day)["domain"]), item[0])
    ):
        of = str(rulebook.valid_on(versions, day)["domain"])
        if of != last:
            st.header(plain(_domain(of)), anchor=False)
            last = of
        _card(code, versions, day, month.filter(kpi_code=code))
    st.caption(t("rulebook.note"))
    # Streamlit scrolls to a linked rule when its heading appears, and what is laid out later pushes it away again. This
    # comes last, and goes there once more; it is a constant, into which nothing of the address or the data enters.
    st.html(GO_TO_LINKED, unsafe_allow_javascript=True)


def _domain(code: str) -> str:
    return t_or(f"domain.{code}", code)


def _exactly(words: Sequence[str], every: Mapping[str, Sequence[Rule]]) -> str | None:
    """The one indicator that is asked for by its code: links from tiles do so."""
    return next((code for code in every if [code.casefold()] == list(words)), None)


def _matches(versions: Sequence[Rule], words: Sequence[str]) -> bool:
    """Whether all words occur in the texts of one indicator, in either language and any version."""
    texts = [str(value) for rule in versions for value in rule.values() if value is not None]
    texts += [catalog(lang).gettext(f"domain.{rule['domain']}") for lang in LANGUAGES for rule in versions]
    text = " ".join(texts).casefold()
    return all(word in text for word in words)


def _contents(found: Mapping[str, Sequence[Rule]], day: date) -> None:
    rows: list[list[tables.Cell | str]] = []
    for code, versions in found.items():
        rule = rulebook.valid_on(versions, day)
        unit, target = str(rule["unit"]), rule["target"]
        sign = "≤" if rule["better"] == "lower" else "≥"
        aim = t("tile.target.none") if target is None else f"{sign} {formats.with_unit(float(target), unit)}"
        rows.append([
            tables.Cell(name_of(rule), link=f"#{anchor(code)}", title=code), _domain(str(rule["domain"])), tables.figure(aim),
            f"{rule['rule_version']} · {_standing(rule, day)}", tables.figure(formats.number(len(versions))),
        ])  # fmt: skip
    header = [
        t("table.kpi"), t("table.domain"), t("tile.target"), t("rulebook.version"), t("rulebook.versions"),
    ]  # fmt: skip
    caption = t("rulebook.contents", count=formats.number(len(found)), day=formats.day(day))
    tables.show(caption, header, rows, numbers=(2, 4))


def _standing(rule: Rule, day: date) -> str:
    return t(f"rulebook.standing.{rulebook.standing(rule, day)}")


def _card(code: str, versions: Sequence[Rule], day: date, month: pl.DataFrame) -> None:
    rule = rulebook.valid_on(versions, day)
    with st.container(border=True, key=f"card-{anchor(code)}"):
        st.subheader(plain(name_of(rule)), anchor=anchor(code))
        standing = rulebook.standing(rule, day)
        st.html(
            f'<p class="yj-standing yj-{standing}" lang="{html_language()}">{escape(_standing(rule, day))} · '
            f"{escape(t('rulebook.version'))} {escape(str(rule['rule_version']))} · <code>{escape(code)}</code></p>"
            f"{_facts(rule)}"
        )
        if len(versions) > 1:
            _versions(versions, rule, day)
            _side_by_side(versions, rule, day, month)


def _facts(rule: Rule) -> str:
    rows = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(text)}</dd></div>" for label, text in rules.facts(rule))
    return f'<dl class="yj-facts" lang="{html_language()}">{rows}</dl>'


def _versions(versions: Sequence[Rule], shown: Rule, day: date) -> None:
    """What each version changed; the texts of those that are not shown above wait folded."""
    rows: list[list[tables.Cell | str]] = []
    for before, rule in zip([None, *versions], versions, strict=False):
        style = "yj-now" if rule is shown else ""
        rows.append([
            tables.Cell(str(rule["rule_version"]), style=style),
            tables.Cell(rules.period(rule["effective_from"], rule["effective_to"]), style=style),
            tables.Cell(_standing(rule, day), style=style),
            tables.Cell(_changes(before, rule), style=f"yj-prose {style}".strip()),
        ])  # fmt: skip
    header = [t("rulebook.version"), t("rule.effective"), t("rulebook.standing"), t("rulebook.changes")]
    tables.show(t("rulebook.history", name=name_of(shown)), header, rows[::-1])
    for rule in reversed(versions):
        if rule is not shown:
            with st.expander(plain(t("rulebook.text_of", version=rule["rule_version"], standing=_standing(rule, day)))):
                st.html(_facts(rule))


def _side_by_side(versions: Sequence[Rule], rule: Rule, day: date, month: pl.DataFrame) -> None:
    """What each version gives for the same days, so that a change can be judged before it takes effect."""
    numbers = [str(one["rule_version"]) for one in versions if str(one["rule_version"]) in set(month["rule_version"])]
    if len(numbers) < 2:
        return
    unit = str(rule["unit"])
    cells = {(row["business_date"], row["rule_version"]): row for row in month.iter_rows(named=True)}
    rows: list[list[tables.Cell | str]] = []
    together = _month(month, numbers)
    if together:
        line: list[tables.Cell | str] = [tables.Cell(t("rulebook.month"), style="yj-now")]
        rows.append(
            line + [tables.Cell(formats.with_unit(value, unit), is_number=True, style="yj-now") for value in together]
        )
    for when in month["business_date"].unique().sort(descending=True):
        found = [cells.get((when, number)) for number in numbers]
        rows.append([
            formats.day(when),
            *(tables.said(row and row["value"], row and row["status"], unit, row and row["coverage"]) for row in found),
        ])  # fmt: skip
    standing = {str(one["rule_version"]): _standing(one, day) for one in versions}
    header = [t("table.day"), *(f"{t('rulebook.version')} {number} · {standing[number]}" for number in numbers)]
    with st.expander(t("rulebook.side_by_side")):
        caption = t("rulebook.side_by_side.caption", name=name_of(rule), month=formats.month(day))
        tables.show(caption, header, rows, numbers=range(1, len(header)))


def _month(month: pl.DataFrame, numbers: Sequence[str]) -> list[float]:
    """Each version's rate over the days that all versions have; nothing for what does not add up (no denominator)."""
    shown = month.filter(pl.col("status") == statuses.OK, pl.col("rule_version").is_in(numbers))
    whole = shown.group_by("business_date").len().filter(pl.col("len") == len(numbers))
    shown = shown.join(whole, on="business_date", how="semi")
    if shown.is_empty() or shown["denominator"].null_count() or shown["numerator"].null_count():
        return []
    sums = {
        str(number): (float(part["numerator"].sum()), float(part["denominator"].sum()))
        for (number,), part in shown.group_by("rule_version")
    }
    return [sums[number][0] / sums[number][1] for number in numbers] if all(below for _, below in sums.values()) else []


def _changes(before: Rule | None, rule: Rule) -> str:
    if before is None:
        return t("rulebook.first")
    old, new = dict(rules.facts(before)), dict(rules.facts(rule))
    apart = (t("rule.version"), t("rule.effective"))
    changes = [
        _change(label, old.get(label, "–"), new.get(label, "–"))
        for label in dict.fromkeys([*old, *new])
        if label not in apart and old.get(label) != new.get(label)
    ]
    return t("rulebook.change.and").join(changes) or t("rulebook.change.none")


def _change(what: str, before: str, after: str) -> str:
    if max(len(before), len(after)) > LONG_TEXT:  # the full texts stand beside the table
        return t("rulebook.change.text", what=what)
    return t("rulebook.change", what=what, before=before, after=after)


page()
