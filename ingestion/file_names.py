"""What a file's name says: whether it may be used, its business date, when it was received."""

from __future__ import annotations

import re
from datetime import date, datetime

_RECEIVED = re.compile(r"_r(\d{8}T\d{6})Z")
_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)|(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")
_LONGEST = 255  # bytes
_EXTENSION = re.compile(r"((?:\.[A-Za-z0-9]{1,12}){1,2})$")


def name_allowed(name: str) -> bool:
    """Whether a received name is safe to keep and show: no path in it, no control characters, plain Unicode."""
    try:
        encoded = name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    if not name or len(encoded) > _LONGEST or name in (".", ".."):
        return False
    return not any(c in "/\\" or _is_control(c) for c in name)


def visible_name(name: str) -> str:
    """Any name as text that can be shown: what drives a terminal or breaks a line of a log is spelt out (`\\x1b`)."""
    text = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(ascii(c)[1:-1] if _is_control(c) else c for c in text)


def _is_control(character: str) -> bool:
    return ord(character) < 32 or 127 <= ord(character) < 160


def date_in(name: str) -> date | None:
    """The first `YYYY-MM-DD` or `YYYYMMDD` in a name that is a date; the reception mark `_r...Z` does not count."""
    for match in _DATE.finditer(_RECEIVED.sub("", name)):
        year, month, day = (int(part) for part in match.groups() if part)
        try:
            return date(year, month, day)
        except ValueError:
            continue
    return None


def received_in(name: str) -> datetime | None:
    """When the file was received, from `_rYYYYMMDDTHHMMSSZ` in its name, as UTC without zone."""
    for text in _RECEIVED.findall(name):
        try:
            return datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - the lake's instants are naive UTC
        except ValueError:
            continue
    return None


def extension_of(name: str) -> str:
    """`.csv`, `.ndjson.gz` ...: only letters and digits, at most two parts, `.bin` when there is none."""
    match = _EXTENSION.search(name)
    if match is None:
        return ".bin"
    parts = match.group(1).lower()
    return parts if parts.endswith(".gz") else "." + parts.rsplit(".", 1)[-1]
