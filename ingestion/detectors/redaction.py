"""Identities out of detector messages: plates, faces, names and looks never travel on, not even in quarantine.

A redacted message still decodes to the same event, so that it can be replayed (PIPL Art 6: minimum necessary).
"""

from __future__ import annotations

import json
import re
from typing import Any

REDACTED = "[redacted]"
RAW_LIMIT = 65_536

# Names of fields, letters only, that hold an identity or a person's looks: DeepStream vehicle, person and face blocks,
# ONVIF HumanFace, HumanBody and plate recognition, Frigate's recognised plates and sub labels (a person's name), and
# pictures carried inside the message.
_IDENTITY = re.compile(
    r"licen[sc]e|plate|face|sublabel|human(body)?$|humanbody|personname|recogni[sz]edname|identity|idcard|idnumber"
    r"|phone|thumbnail|base64|^image(data)?$|^(name|age|gender|hair|cap|apparel|glasses|facialhair|eyecolor)$"
    r"|hphm|^(xm|sfzh|cph|sjh)$"  # initials of pinyin: plate, name, identity number, telephone
)
_IDENTITY_ZH = re.compile("车牌|号牌|姓名|身份证|证件号|手机|电话|人脸|面部|性别|年龄")
_PLACES = re.compile(r"place|aisle|zone")  # whose "name" is a place's
_ITEM_NAMES, _ITEM_VALUES = frozenset({"Name", "@Name"}), frozenset({"Value", "@Value"})
_SPOKEN = re.compile(r'"([^"\\]{1,60})"')
_LETTERS = re.compile(r"[^a-z]")


def redact(text: str) -> str:
    """A message as one line of JSON without identities; of text that is no JSON, what precedes the first of them."""
    try:
        cleaned = json.dumps(_clean(json.loads(text), ""), ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        cleaned = _before_identities(text)
    return as_storable(cleaned[:RAW_LIMIT])


def as_storable(text: str) -> str:
    """The text with what no table can hold (NUL, halves of surrogate pairs) as escapes."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def _clean(value: Any, parent: str) -> Any:
    if isinstance(value, dict):
        if _ITEM_NAMES & value.keys() and _ITEM_VALUES & value.keys():
            return _clean_item(value, parent)
        return {
            key: _without(inner) if _is_identity(key, parent) else _clean(inner, key) for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_clean(inner, parent) for inner in value]
    return value


def _clean_item(item: dict[str, Any], parent: str) -> dict[str, Any]:
    """An ONVIF SimpleItem: its name says what its value is."""
    names = [str(item[key]) for key in _ITEM_NAMES & item.keys()]
    if any(_is_identity(name, parent) for name in names):
        return {key: inner if key in _ITEM_NAMES else REDACTED for key, inner in item.items()}
    return {key: inner if key in _ITEM_NAMES else _clean(inner, key) for key, inner in item.items()}


def _without(value: Any) -> Any:
    """What may stay of an identity: nothing, but the confidence of a detector's block."""
    if isinstance(value, dict) and isinstance(value.get("confidence"), int | float):
        return {"confidence": value["confidence"]}
    return value if value in (None, "", [], {}) else REDACTED


def _is_identity(key: str, parent: str) -> bool:
    if _IDENTITY_ZH.search(key):
        return True
    letters = _LETTERS.sub("", key.lower())
    if letters == "name" and _PLACES.search(parent.lower()):
        return False
    return _IDENTITY.search(letters) is not None


def _before_identities(text: str) -> str:
    """Broken text cannot be searched for where an identity ends, so it is cut before the object that holds the first."""
    for spoken in _SPOKEN.finditer(text):
        if spoken[1] in _ITEM_VALUES or _is_identity(spoken[1], ""):  # an item's name may have been cut off
            return f"{text[: max(text.rfind('{', 0, spoken.start()), 0)]}{REDACTED}"
    return text
