"""The portal: `streamlit run apps/streamlit/app.py`. Reads the published file of $YUNJIAN_HOME and nothing else."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from apps.streamlit import address, frame
from apps.streamlit.edition import EditionUnavailable, open_edition, published_path
from apps.streamlit.wording import t

SIDEBAR_WIDTH = 230  # pixels
VIEWS = Path(__file__).parent / "views"
# file under views/, address (None: the front page, which lives at /), icon; titles are words.<file>.title
PAGES = (
    ("overview", None, ":material/dashboard:"),
    ("township_map", "map", ":material/map:"),
    ("event_trends", "events", ":material/monitoring:"),
    ("fleet", "fleet", ":material/local_shipping:"),
    ("waste_haulage", "haulage", ":material/route:"),
    ("mass_balance", "balance", ":material/balance:"),
    ("residents", "population", ":material/groups:"),
    ("case_performance", "cases", ":material/assignment_turned_in:"),
    ("funnel", "funnel", ":material/filter_alt:"),
    ("rulebook", "rulebook", ":material/menu_book:"),
    ("restatements", "restatements", ":material/history:"),
    ("data_health", "health", ":material/verified:"),
)


def main() -> None:
    frame.recall_language()
    st.set_page_config(
        page_title=t("portal.name"),
        page_icon=str(VIEWS.parent / "yunjian.svg"),
        layout="wide",
        initial_sidebar_state=SIDEBAR_WIDTH,
    )
    st.html(frame.STYLE_SHEET)
    st.logo(frame.wordmark(), size="large")
    with st.sidebar:
        frame.language_switch()
    pages = [
        st.Page(
            VIEWS / f"{name}.py", title=t(f"{name}.title"), icon=icon, url_path=path, default=path is None
        )
        for name, path, icon in PAGES
    ]  # fmt: skip
    page = st.navigation(pages, expanded=True)
    path = published_path()
    try:
        edition = open_edition(path)
    except EditionUnavailable as problem:
        frame.unavailable(problem)
        frame.watch(path, None if problem.problem == "missing" else frame.fingerprint(path))
        return
    frame.serve(edition)
    address.turn_to(page.url_path)
    page.run()
    frame.watch(path, edition.fingerprint)


main()
