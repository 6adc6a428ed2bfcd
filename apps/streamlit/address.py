"""What a reader chose, kept in the page's address by code, so that a link shows a colleague the same page.

Streamlit's own binding writes the options' labels, which would tie a link to one language; these are the codes. A choice
that equals the default is left out, and moves along when a new edition moves the default (the latest day stays the latest).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

import streamlit as st

from apps.streamlit.wording import LANGUAGE_KEY, LANGUAGES, language

Choice = TypeVar("Choice")
_DEFAULTS = "_defaults"
_PAGE, _TURNED = "_page", "_turned"


def turn_to(page: str) -> None:
    """Before a page is drawn: notes which, and whether the reader came from another one."""
    st.session_state[_TURNED] = st.session_state.get(_PAGE, page) != page
    st.session_state[_PAGE] = page


def recall(
    key: str, default: Choice, read: Callable[[Sequence[str]], Choice | None], valid: Callable[[Choice], bool]
) -> None:
    """Sets the widget's state before it is drawn: from this session, else the address (`read`), else the default."""
    defaults = st.session_state.setdefault(_DEFAULTS, {})
    if key not in st.session_state:
        asked = read(st.query_params.get_all(key))
        st.session_state[key] = asked if asked is not None and valid(asked) else default
    elif not valid(st.session_state[key]) or (key in defaults and st.session_state[key] == defaults[key] != default):
        st.session_state[key] = default
    elif st.session_state.get(_TURNED):
        # the widget of another page is another one, and takes over only what is set in its own first run
        st.session_state[key] = st.session_state[key]
    defaults[key] = default


def remember(key: str, words: Sequence[str], *, is_default: bool) -> None:
    """Writes the choice into the address; an unchanged address is left alone (each write is a step in the history)."""
    wanted = [] if is_default else list(words)
    if st.query_params.get_all(key) == wanted:
        return
    if wanted:
        st.query_params[key] = wanted
    else:
        del st.query_params[key]


def choose(key: str, options: Sequence[str], default: str) -> None:
    """`recall` for one code out of `options`."""
    recall(key, default, lambda words: words[0] if words else None, lambda code: code in options)


def link(**chosen: str) -> dict[str, str]:
    """The query of an address inside the portal: what is chosen there, and the reader's language.

    The first language is left out, as `remember` would: rewriting an address costs it its #anchor.
    """
    spoken = {} if language() == LANGUAGES[0] else {LANGUAGE_KEY: language()}
    return {**{key: code for key, code in chosen.items() if code}, **spoken}


def href(page: str, **chosen: str) -> str:
    """A link to another page of the portal, for HTML of its own."""
    return f"{page}?{urlencode(link(**chosen))}"
