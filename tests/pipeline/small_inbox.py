"""An inbox small enough to read: a truck, a camera, and how to put a file there."""

from __future__ import annotations

from lake.home import Home

TRUCKS = "plate_no,terminal_id,carrier,approved_on,valid_until\n沪A12345,013912345678,东明渣土,2026-01-01,2027-01-01\n"
CAMERAS = (
    "camera_id,township_code,longitude,latitude,datum,kind,installed_on,retired_on\n"
    "C1,310117001,121.2277,31.0322,WGS84,street,2024-01-01,\n"
)


def put(home: Home, feed: str, name: str, text: str) -> None:
    folder = home.inbox / feed
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
