"""Events of dbt that nobody is told are not put into words.

A run of dbt makes some 4,000 events, each of them two protobuf messages built field by field: an eighth of its processor
time. All but a few hundred are for debugging, and are read by dbt's own logs alone, which are off as a rule.
"""

from __future__ import annotations

from typing import Any

import dbt.adapters.events.base_types
import dbt.events.base_types
import dbt_common.events.base_types
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager

_DEBUG = (
    dbt_common.events.base_types.DebugLevel,
    dbt.events.base_types.DebugLevel,
    dbt.adapters.events.base_types.DebugLevel,
)
_Event: Any = BaseEvent
_Manager: Any = EventManager
_make = BaseEvent.__init__
_fire = EventManager.fire_event


def tell_only_what_is_read() -> None:
    """Events for debugging are made when somebody looks at them, and fired when dbt keeps a log (`DBT_LOG_LEVEL_FILE`).

    Who listens otherwise (`pipeline/dbt_process.py`, and dbt for changes of its behaviour) has no use for them.
    """
    _Event.__init__ = _keep
    _Event.pb_msg = _Message()
    _Manager.fire_event = _fire_if_read


def _keep(event: Any, *args: Any, **said: Any) -> None:
    if args or not isinstance(event, _DEBUG):
        _make(event, *args, **said)
    else:
        event.__dict__["_said"] = said


class _Message:
    """The event's protobuf message where it has not been made: once made, it lies in the event and is found there first."""

    def __get__(self, event: Any, owner: type) -> Any:
        if event is None or "_said" not in event.__dict__:
            raise AttributeError("pb_msg")
        _make(event, **event.__dict__.pop("_said"))
        return event.__dict__["pb_msg"]


def _fire_if_read(
    manager: EventManager,
    e: BaseEvent,
    level: EventLevel | None = None,
    node: Any = None,
    force_warn_or_error_handling: bool = False,
) -> None:
    is_for_debugging = level is EventLevel.DEBUG or (level is None and isinstance(e, _DEBUG))
    if is_for_debugging and not manager.loggers and not force_warn_or_error_handling:
        return
    _fire(manager, e, level, node, force_warn_or_error_handling)
