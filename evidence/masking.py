"""Plates and phone numbers in names that others wrote (files, sites, links): a pack shows none outside the raw lines."""

from __future__ import annotations

import re
from typing import Final

_PLATE: Final = re.compile(r"[\u4e00-\u9fff]\s?[A-Z][·•\s-]?[A-Z0-9]{5,6}(?![A-Z0-9])", re.I)
# Eleven digits and more stand for a phone or a terminal; cameras of the register have twenty and are no persons.
_PHONE: Final = re.compile(r"(?<![0-9A-Za-z])(?:0?1[3-9][0-9]{9})(?![0-9A-Za-z])")


def masked(text: str | None) -> str:
    """The text with what looks like a number plate or a mobile number replaced by `***`; empty for None."""
    return "" if text is None else _PHONE.sub("***", _PLATE.sub("***", str(text)))
