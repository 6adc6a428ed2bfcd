"""Events of dbt that nobody is told are not put into words, and all others say what they did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from dbt.adapters.events.types import SQLQuery
from dbt.events.types import LogStartLine
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.types import Formatting

from pipeline.dbt_events import tell_only_what_is_read


class Log:
    """What an event manager takes for one of dbt's own logs."""

    def __init__(self) -> None:
        self.lines: list[Any] = []

    def filter(self, message: Any) -> bool:
        return True

    def write_line(self, message: Any) -> None:
        self.lines.append(message)


@pytest.fixture(autouse=True)
def told_only_what_is_read(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(BaseEvent, "__init__", BaseEvent.__init__)  # put back afterwards
    monkeypatch.setattr(EventManager, "fire_event", EventManager.fire_event)
    tell_only_what_is_read()
    yield
    del BaseEvent.pb_msg


@pytest.fixture
def heard() -> list[Any]:
    return []


@pytest.fixture
def manager(heard: list[Any]) -> EventManager:
    made = EventManager()
    made.add_callback(heard.append)
    return made


def test_an_event_for_debugging_is_not_made_where_nobody_reads_it(manager, heard):
    event = SQLQuery(conn_name="master", sql="select 1")
    manager.fire_event(event)
    assert heard == []
    assert "pb_msg" not in vars(event)


def test_an_event_for_debugging_says_the_same_to_a_log(manager, heard):
    log = Log()
    manager.loggers.append(log)
    manager.fire_event(SQLQuery(conn_name="master", sql="select 1"))
    assert [line.info.msg for line in log.lines] == ["On master: select 1"]
    assert (log.lines[0].info.name, log.lines[0].info.level, log.lines[0].data.sql) == ("SQLQuery", "debug", "select 1")
    assert heard == log.lines


def test_who_looks_at_an_event_finds_what_it_says():
    event = SQLQuery(conn_name="master", sql="select 1")
    assert (event.sql, event.message()) == ("select 1", "On master: select 1")
    event.sql = "select 2"
    assert event.to_dict()["sql"] == "select 2"


def test_other_events_are_told(manager, heard):
    manager.fire_event(LogStartLine(description="model a", index=1, total=2))
    manager.fire_event(SQLQuery(conn_name="master", sql="select 1"), level=EventLevel.WARN)
    manager.fire_event(Formatting("a line"))
    assert [(message.info.name, message.info.level) for message in heard] == [
        ("LogStartLine", "info"),
        ("SQLQuery", "warn"),
        ("Formatting", "info"),
    ]
