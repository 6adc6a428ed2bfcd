"""Words of the portal, by key, in the reader's language: Chinese first, English second.

The catalogs are gettext .po files under `locale/<language>/LC_MESSAGES/portal.po`; Babel compiles them when they are
first used, so there is no compiled copy that could drift. A key without an entry shows as the key (and fails a test).
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
LANGUAGE_KEY = "lang"  # widget key and URL query parameter
LOCALE_FOLDER = Path(__file__).parent / "locale"
_MARKDOWN = str.maketrans({mark: "\\" + mark for mark in "\\`*_{}[]()#+-.!:$~|<>&"})


@cache
def catalog(language: Language) -> gettext.GNUTranslations:
    """The compiled catalog of a language."""
    source = LOCALE_FOLDER / language / "LC_MESSAGES" / "portal.po"
    with source.open("rb") as file:
        messages = read_po(file, locale=language, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def language() -> Language:
    """The language of this session (set by the switch in the sidebar, remembered in the URL)."""
    chosen = st.session_state.get(LANGUAGE_KEY)
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def html_language() -> str:
    """The BCP 47 tag for `lang` attributes."""
    return "en" if language() == "en" else "zh-CN"


def t(key: str, **values: object) -> str:
    """The words of `key`; `{name}` places are filled from `values`."""
    text = catalog(language()).gettext(key)
    return text.format(**values) if values else text


def t_or(key: str, fallback: str) -> str:
    """The words of a key made from a code in the data, or `fallback` when the catalog does not know the code."""
    text = catalog(language()).gettext(key)
    return fallback if text == key else text


def name_of(row: Mapping[str, Any], stem: str = "name") -> str:
    """`name_zh` / `name_en` (or `formula_...`) of a published row; the other language when one is empty."""
    first, second = (f"{stem}_en", f"{stem}_zh") if language() == "en" else (f"{stem}_zh", f"{stem}_en")
    return str(row.get(first) or row.get(second) or "")


def plain(text: str) -> str:
    """Text from the data for a Streamlit label, which reads Markdown: a name may not become a link or an image."""
    return text.translate(_MARKDOWN)
