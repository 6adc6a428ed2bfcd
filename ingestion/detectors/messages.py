"""The JSON messages of a file, whichever way they were written down: one a line, or documents over many lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from ingestion.detectors.redaction import redact
from ingestion.text_parts import BOM, Part, parts

LINE_LIMIT = 4 << 20
DOCUMENT_LIMIT = 16 << 20  # bytes of a file whose messages run over several lines
_DECODER = json.JSONDecoder()


class RefusedMessage(NamedTuple):
    line: int
    rule: str
    reason: str
    raw: str


@dataclass
class Messages:
    """Some messages: the line each begins at and its JSON text on one line; and what was refused before that."""

    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    refused: list[RefusedMessage] = field(default_factory=list)

    def refuse(self, line: int, rule: str, reason: str, raw: str) -> None:
        self.refused.append(RefusedMessage(line, rule, reason, redact(raw)))

    def take(self, line: int, text: str) -> None:
        """Takes a text, a list of objects as its objects."""
        if not text.startswith("["):
            self.lines.append(line)
            self.texts.append(text)
            return
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            self.refuse_malformed(line, text)
            return
        self.take_value(line, value)

    def take_value(self, line: int, value: object) -> None:
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            for item in value:
                self.take_value(line, item)
        elif isinstance(value, dict):
            self.lines.append(line)
            self.texts.append(json.dumps(value, separators=(",", ":")))
        else:
            self.refuse_other(line, json.dumps(value))

    def refuse_malformed(self, line: int, text: str) -> None:
        self.refuse(line, "malformed_json", "The message is not JSON", text)

    def refuse_other(self, line: int, text: str) -> None:
        self.refuse(line, "not_an_object", "The message is JSON but no object", text)


def messages(stream: BinaryIO, only: AbstractSet[int] | None = None) -> Iterator[Messages]:
    """All messages in blocks of a few megabytes; every line that is not blank belongs to one or is refused.

    With `only`, of a file with one message a line no more than those lines.
    """
    pieces = parts(stream, LINE_LIMIT)
    first = next(pieces, None)
    if first is None:
        return
    if first.is_one_long_line or _has_one_a_line(first.text):
        yield _of_lines(first, only)
        for part in pieces:
            yield _of_lines(part, only)
        return
    texts = [first.text[:-1]]
    size = len(first.text)
    for part in pieces:
        size += len(part.text)
        if size > DOCUMENT_LIMIT:
            refused = Messages()
            refused.refuse(1, "line_too_long", "The messages run over many lines of a file above 16 MiB", "")
            yield refused
            return
        texts.append(part.text[:-1])
    yield _of_documents(b"".join(texts))


def _has_one_a_line(text: bytes) -> bool:
    """Whether one of the first lines is a whole object; the lines inside a document are indented or no object."""
    said = [line for line in text[: 1 << 20].splitlines() if line.strip() and line != b"\0"][:6]
    if not said or not said[0].lstrip().startswith((b"{", b"[")):
        return True
    if said[0].lstrip().startswith(b"["):
        return _is_json(said[0]) or len(said) == 1
    return any(line.startswith(b"{") and _is_json(line) for line in said) or len(said) == 1


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _of_lines(part: Part, only: AbstractSet[int] | None) -> Messages:
    found = Messages()
    number = part.lines_before
    if part.is_one_long_line:
        found.refuse(number + 1, "line_too_long", "The line is longer than 4 MiB", _readable(part.text[:-1]))
        return found
    for line in part.text[:-1].split(b"\n"):
        number += 1
        if only is not None and number not in only:
            continue
        stripped = line.strip()
        if not stripped:
            continue
        try:
            text = stripped.decode()
        except UnicodeDecodeError:
            found.refuse(number, "not_utf8", "The line is not UTF-8", _readable(stripped))
        else:
            found.take(number, text)
    return found


def _of_documents(data: bytes) -> Messages:
    """Documents one after another or in a list, each over as many lines as it likes; after a broken one, from the next
    line that begins with `{`."""
    found = Messages()
    try:
        text = data.removeprefix(BOM).decode()
    except UnicodeDecodeError:
        found.refuse(1, "not_utf8", "The file is not UTF-8", _readable(data))
        return found
    at = counted = 0
    line = 1
    while at < len(text):
        if text[at].isspace() or text[at] in "[,]":
            at += 1
            continue
        line += text.count("\n", counted, at)
        counted = at
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            following = text.find("\n{", at)
            end = following + 1 if following >= 0 else len(text)
            found.refuse_malformed(line, text[at:end].strip())
        else:
            found.take_value(line, value)
        at = end
    return found


def _readable(data: bytes) -> str:
    return data[:LINE_LIMIT].decode("utf-8", "backslashreplace").strip()
