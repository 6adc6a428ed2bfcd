"""Bad lines for native detection files: each a copy of a good line with one thing wrong and an identifier of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from sample_district.calendar_day import HOUR_MS, day_start_ms, local_iso
from sample_district.delivery import PlantedLine
from sample_district.lines import Lines

Message = dict[str, Any]


def _set(**values: object) -> Callable[[Message], None]:
    return lambda message: message.update(values)


def _drop(key: str) -> Callable[[Message], None]:
    return lambda message: message.pop(key, None)


# fault, change, reason, field, whether the business date is still sure, how many in a small file
_CHANGES: tuple[tuple[str, Callable[[Message], None], str, str, bool, int], ...] = (
    ("unknown_event_type", _set(event_type="drone_sighting"), "unknown_code", "event_type", True, 3),
    ("missing_camera", _drop("camera_id"), "required_missing", "camera_id", True, 2),
    ("missing_event_id", _drop("event_id"), "required_missing", "event_id", True, 1),
    ("impossible_latitude", _set(longitude=121.2, latitude=131.0322), "out_of_range", "latitude", True, 2),
    ("impossible_confidence", _set(confidence=1.7), "out_of_range", "confidence", True, 2),
    ("confidence_in_words", _set(confidence="high"), "not_a_number", "confidence", True, 1),
    ("unknown_datum", _set(longitude=121.2, latitude=31.03, datum="CGCS1900"), "unknown_code", "datum", True, 1),
    ("time_in_words", _set(detected_at="yesterday noon"), "not_a_timestamp", "detected_at", False, 1),
    ("clock_reset_to_1970", _set(detected_at="1970-01-01T08:00:12.000+08:00"), "time_too_old", "detected_at", False, 2),
    ("clock_in_2099", _set(detected_at="2099-12-31T23:59:59.000+08:00"), "time_in_future", "detected_at", False, 1),
)


def bad_detection_lines(rng: np.random.Generator, lines: Lines, day: date, tag: str) -> list[tuple[int, PlantedLine]]:
    """Faults for one native file, with the line each goes before; more of them in a larger file."""
    if not lines.count:
        return []
    times = max(1, min(40, lines.count // 5_000))
    planted: list[tuple[int, PlantedLine]] = []

    def plant(fault: str, content: bytes, reason: str, field: str, *, is_dated: bool) -> None:
        business_date = day if is_dated else None
        line = PlantedLine(fault, content, "quarantined", reason, field, business_date)
        planted.append((int(rng.integers(0, lines.count + 1)), line))

    def template() -> Message:
        message: Message = json.loads(lines.line(int(rng.integers(0, lines.count))))
        message["event_id"] = f"planted-{day:%Y%m%d}-{tag}-{len(planted):04d}"
        return message

    for fault, change, reason, field, is_dated, count in _CHANGES:
        for _ in range(count * times):
            message = template()
            change(message)
            plant(fault, _line(message), reason, field, is_dated=is_dated)
    for _ in range(2 * times):  # a device that believes it is three hours later than the gateway does
        message = template()
        received = day_start_ms(day) + int(rng.integers(2 * HOUR_MS, 20 * HOUR_MS))
        message["received_at"], message["detected_at"] = local_iso(received), local_iso(received + 3 * HOUR_MS)
        plant("clock_skew", _line(message), "time_in_future", "detected_at", is_dated=False)
    for _ in range(2 * times):
        whole = _line(template())
        cut = whole[: int(rng.integers(40, 120))] + b"\n"
        plant("truncated_line", cut, "malformed_json", "", is_dated=False)
    for _ in range(times):
        message = template()
        message["algorithm"] = "占道识别"
        plant("not_utf8_line", _line(message, encoding="gb18030"), "not_utf8", "", is_dated=False)
    plant("not_an_object", b'["event_id","camera_id"]\n', "not_an_object", "", is_dated=False)
    return planted


def bad_deepstream_lines(rng: np.random.Generator, lines: Lines, day: date) -> list[tuple[int, PlantedLine]]:
    """Faults for one DeepStream file: a class the district does not know, and messages that broke off."""
    planted = []
    for number in range(4 if lines.count else 0):
        message: Message = json.loads(lines.line(int(rng.integers(0, lines.count))))
        message["messageid"] = message["event"]["id"] = f"planted-{day:%Y%m%d}-ds-{number}"
        if number < 2:
            message["event"]["type"] = "moving"
            line = PlantedLine("unknown_event_type", _line(message), "quarantined", "unknown_code", "event_type", day)
        else:
            cut = _line(message)[: int(rng.integers(30, 300))] + b"\n"
            line = PlantedLine("truncated_line", cut, "quarantined", "malformed_json")
        planted.append((int(rng.integers(0, lines.count + 1)), line))
    return planted


def repeated_lines(rng: np.random.Generator, lines: Lines, count: int, day: date) -> list[tuple[int, PlantedLine]]:
    """Exact repetitions of lines of the file itself, somewhere after the first."""
    chosen = rng.choice(lines.count, min(count, lines.count), replace=False)
    planted = []
    for index in np.sort(chosen):
        after = min(lines.count, int(index) + 1 + int(rng.integers(0, 30)))
        planted.append(
            (after, PlantedLine("duplicate_in_file", lines.line(int(index)), "duplicate", business_date=day))
        )
    return planted


def _line(message: Message, encoding: str = "utf-8") -> bytes:
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return text.encode(encoding) + b"\n"
