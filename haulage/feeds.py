"""What this room reads of bronze: a change there is a reason to find the trips of a date again."""

from __future__ import annotations

from typing import Final

FEEDS: Final = ("truck_gps", "trucks", "terminal_events", "waste_sites", "disposal_permits")
