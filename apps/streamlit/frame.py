"""What every page has: the edition it shows, a warning when the accounting does not balance, the watch for a new edition."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import cast

import streamlit as st

from apps.streamlit import address, formats
from apps.streamlit import status as statuses
from apps.streamlit.charts import palette
from apps.streamlit.edition import Edition, EditionUnavailable, Fingerprint, fingerprint
from apps.streamlit.queries import accounting
from apps.streamlit.wording import LANGUAGE_KEY, LANGUAGES, html_language, language, t

STYLE_SHEET = Path(__file__).parent / "portal.css"
WATCH_SECONDS = 2
_EDITION_KEY = "_edition"


def recall_language() -> None:
    """Before anything is worded: the language of the session or of the address, else Chinese."""
    address.choose(LANGUAGE_KEY, LANGUAGES, LANGUAGES[0])


def language_switch() -> None:
    """中文 / English; kept in the address as ?lang=en."""
    st.segmented_control(
        t("frame.language"), LANGUAGES, key=LANGUAGE_KEY, required=True, persist_state="session",
        format_func=lambda code: t(f"language.{code}"), label_visibility="collapsed",
    )  # fmt: skip
    address.remember(LANGUAGE_KEY, [language()], is_default=language() == LANGUAGES[0])


def is_phone() -> bool:
    """Whether the browser says it is a phone: for the height of the map, nothing else."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")


def wordmark() -> str:
    """The sign and the platform's name, as an SVG picture."""
    sign = (STYLE_SHEET.parent / "yunjian.svg").read_text(encoding="utf-8")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 64">'
        f'<svg width="64" height="64">{sign}</svg><text x="78" y="44" font-size="31" font-weight="700" fill="#16202c" '
        f'font-family="{palette.FONT}">{escape(t("portal.short"))}</text></svg>'
    )


def serve(edition: Edition) -> None:
    """Makes `edition` the one that the page of this run shows."""
    st.session_state[_EDITION_KEY] = edition


def serving() -> Edition:
    """The edition of this run: header and page always show the same one."""
    return cast(Edition, st.session_state[_EDITION_KEY])


def title(key: str, *, alarmed: bool = True) -> Edition:
    """The page's heading, its edition line and, if need be, the accounting alarm; returns the edition.

    A page that tells of the accounting itself turns the alarm off.
    """
    edition = serving()
    st.title(t(key), anchor=False)
    facts = [
        (t("frame.data_through"), f"{formats.day(edition.data_through)} {formats.weekday(edition.data_through)}"),
        (t("frame.published"), f"{formats.moment(edition.published_at)} {t('frame.zone')}"),
        (t("frame.edition"), edition.edition),
        (t("frame.hash"), edition.content_hash[:12]),
    ]
    cells = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(text)}</dd></div>" for label, text in facts)
    st.html(f'<dl class="yj-edition" lang="{html_language()}">{cells}</dl>')
    if alarmed:
        wrong = accounting.unbalanced(edition).height
        if wrong:  # the numbers below may miss rows
            alarm(t("alarm.title"), t("alarm.text", count=formats.number(wrong)))
    return edition


def end(note: str = "") -> None:
    """The last words of a page of detail, after its own: the ledger tells of indicators, not of these counts."""
    st.caption(f"{note} {t('frame.detail')}".strip())


def alarm(headline: str, text: str) -> None:
    """A red notice that cannot be overlooked."""
    st.html(
        f'<div class="yj-alarm" role="alert" lang="{html_language()}"><strong>{escape(headline)}</strong> '
        f"{escape(text)}</div>"
    )


def notice(status: str, text: str) -> None:
    """In place of figures: why there are none, in the look of their status; never an empty table, never a 0."""
    st.html(
        f'<div class="yj-notice yj-gap yj-{statuses.style(status)}" role="status" lang="{html_language()}">'
        f"<strong>{statuses.mark(status)} {escape(statuses.word(status))}</strong> {escape(text)}</div>"
    )


def unavailable(problem: EditionUnavailable) -> None:
    """The friendly page while there is nothing to show; it heals itself when an edition appears."""
    st.title(t("unavailable.title"), anchor=False)
    st.info(t(f"unavailable.{problem.problem}"), icon=":material/hourglass_empty:")
    st.markdown(t("unavailable.what_to_do"))
    st.code("make up\n.venv/bin/yunjian run\n.venv/bin/yunjian doctor", language=None)
    st.caption(t("unavailable.path"))
    st.code(str(problem.path), language=None)
    if problem.detail:
        with st.expander(t("unavailable.detail")):
            st.code(problem.detail, language=None)


@st.fragment(run_every=WATCH_SECONDS)
def watch(path: Path, seen: Fingerprint | None) -> None:
    """Looks at the file (one `stat`) and reruns the page when another edition, or none, stands there."""
    if fingerprint(path) != seen:
        st.rerun(scope="app")
