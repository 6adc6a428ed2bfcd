"""The declared folding rule, computed from the detections: the truth that counts of incidents are held against.

Detections of one event type at one camera whose gaps are at most 30 minutes are one incident; so are all detections
of one tracked object (`track_id`) at that camera; no incident spans two business dates. "Are one" is transitive:
incidents are the connected components of both relations.
"""

from __future__ import annotations

import numpy as np

from sample_district.terrain import Ints

WINDOW_MS = 30 * 60 * 1000


def incident_of(camera: Ints, event_type: Ints, detected_ms: Ints, track: Ints) -> Ints:
    """An incident number for each detection of one business date; `track` is -1 where the camera does not track."""
    order = np.lexsort((detected_ms, event_type, camera))
    camera, event_type, detected_ms, track = camera[order], event_type[order], detected_ms[order], track[order]
    is_new = np.ones(order.size, dtype=bool)
    is_new[1:] = (
        (camera[1:] != camera[:-1])
        | (event_type[1:] != event_type[:-1])
        | (detected_ms[1:] - detected_ms[:-1] > WINDOW_MS)
    )
    session = np.cumsum(is_new) - 1
    label = np.arange(int(session[-1]) + 1 if session.size else 0)
    tracked = np.flatnonzero(track >= 0)
    _, thing = np.unique(np.stack([camera[tracked], event_type[tracked], track[tracked]]), axis=1, return_inverse=True)
    thing = thing.ravel()
    while tracked.size:
        least = np.full(int(thing.max()) + 1, label.size, dtype=np.int64)
        np.minimum.at(least, thing, label[session[tracked]])
        before = label.copy()
        np.minimum.at(label, session[tracked], least[thing])
        label = label[label]
        if np.array_equal(before, label):
            break
    incident = np.empty(order.size, dtype=np.int64)
    incident[order] = label[session]
    return incident
