"""How many examples a property is asked for: few that matter in `make test`, many times as many in `make fuzz`."""

from __future__ import annotations

from hypothesis import settings

# What a property is asked for in `make test` that says nothing else; the profiles are in `tests/conftest.py`.
USUAL = 40


def examples(count: int) -> settings:
    """A decorator: `count` examples where others are asked for the usual number, as each of these costs more or less."""
    return settings(max_examples=count * settings.default.max_examples // USUAL)
