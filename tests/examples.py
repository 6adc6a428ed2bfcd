"""How many examples a property is asked for: few that matter in `make test`, as many as its profile says in `make fuzz`."""

from __future__ import annotations

from hypothesis import settings


def examples(count: int) -> settings:
    """A decorator: `count` examples, where each of them costs more than most do; see `tests/conftest.py`."""
    asked = settings.get_current_profile_name() == "project"
    return settings(max_examples=count if asked else settings.default.max_examples)
