-- The snapshot address and the bounding box stay in bronze: no KPI needs a way back to a picture.
select
    business_date,
    event_id,
    camera_id,
    event_type,
    detected_at,
    received_at,
    confidence,
    longitude,
    latitude,
    track_id,
    algorithm,
    edge_device_id
from {{ source('bronze', 'detection_events') }}
