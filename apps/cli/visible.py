"""Text of strangers, fit for a terminal: what would move its cursor, hide or turn text round is written out instead."""

from __future__ import annotations

import json
import re
import unicodedata

# Controls and formats (ESC, CSI, right-to-left marks), separators of lines, lone surrogates, what Unicode has not given out.
_UNSEEN = ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
_CANDIDATES = re.compile(r"[^ -~\u4e00-\u9fff]")


def visible(text: str, *, keep: str = "") -> str:
    """The text with `\\x1b` for the escape character, and so on for all that are not seen; those of `keep` stay."""
    return _CANDIDATES.sub(lambda found: _written(found[0]) if _is_unseen(found[0], keep) else found[0], text)


def visible_json(document: str) -> str:
    """The same JSON with the unseen characters in JSON's own escapes: whoever reads it gets every character."""
    # Outside of its strings a document of json.dumps has none of them.
    return _CANDIDATES.sub(lambda found: json.dumps(found[0])[1:-1] if _is_unseen(found[0]) else found[0], document)


def _is_unseen(character: str, keep: str = "") -> bool:
    return unicodedata.category(character) in _UNSEEN and character not in keep


def _written(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
