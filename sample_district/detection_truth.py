"""The true counts of detections and incidents of one business date."""

from __future__ import annotations

from typing import Any

import numpy as np

from sample_district.cameras import Cameras
from sample_district.detections import Detections
from sample_district.event_rates import EventRate
from sample_district.incident_fold import incident_of
from sample_district.terrain import Ints, Terrain

DISTRICT_CODE = "310117"


class DetectionTruth:
    """Adds up the parts of a day. A camera belongs to one part, so no incident spans two."""

    def __init__(self, terrain: Terrain, rates: list[EventRate]) -> None:
        self.codes, self.types = terrain.codes, [rate.event_type for rate in rates]
        shape = (len(self.codes), len(self.types))
        self.detections = np.zeros(shape, dtype=np.int64)
        self.incidents = np.zeros(shape, dtype=np.int64)
        self._latency: list[tuple[Ints, Ints]] = []

    def add(self, detections: Detections, cameras: Cameras, received_ms: Ints | None) -> None:
        """Counts accepted, distinct detections; `received_ms` is what row or file says, None where neither does."""
        area = cameras.area[detections.camera]
        np.add.at(self.detections, (area, detections.event_type), 1)
        incident = incident_of(detections.camera, detections.event_type, detections.detected_ms, detections.track)
        _, first = np.unique(incident, return_index=True)
        np.add.at(self.incidents, (area[first], detections.event_type[first]), 1)
        if received_ms is not None:
            self._latency.append((area.astype(np.int8), (received_ms - detections.detected_ms).astype(np.int32)))

    def as_json(self) -> dict[str, Any]:
        """By area: detections and incidents by type, and the 95th percentile of received - detected in seconds.

        The percentile interpolates between neighbours (as `quantile_cont` does) over the rows whose arrival is known.
        """
        area = np.concatenate([a for a, _ in self._latency]) if self._latency else np.zeros(0, dtype=np.int8)
        latency = np.concatenate([ms for _, ms in self._latency]) if self._latency else np.zeros(0, dtype=np.int32)
        by_area = {DISTRICT_CODE: self._area(self.detections.sum(0), self.incidents.sum(0), latency)}
        for index, code in enumerate(self.codes):
            by_area[code] = self._area(self.detections[index], self.incidents[index], latency[area == index])
        return by_area

    def _area(self, detections: Ints, incidents: Ints, latency_ms: Ints) -> dict[str, Any]:
        p95 = float(np.percentile(latency_ms, 95)) / 1000 if latency_ms.size else None
        return {
            "detections_total": int(detections.sum()),
            "incidents_total": int(incidents.sum()),
            "detections": dict(zip(self.types, detections.tolist(), strict=True)),
            "incidents": dict(zip(self.types, incidents.tolist(), strict=True)),
            "detection_latency_p95_s": None if p95 is None else round(p95, 3),
            "detections_with_known_arrival": int(latency_ms.size),
        }
