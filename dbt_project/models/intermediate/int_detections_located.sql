{{ config(meta={'feeds': ['detection_events', 'cameras'], 'detail': true}, partitioned_by='business_date') }}

-- Where a detection counts: at its own coordinates, else its camera's; outside every township, where its camera is
-- registered; else for the district only (area_code NULL).
with placed as (
    select
        e.business_date,
        e.event_id,
        e.camera_id,
        e.event_type,
        e.track_id,
        e.algorithm,
        e.detected_at,
        {{ seconds_between('e.detected_at', 'e.received_at') }} as latency_s,
        case
            when e.longitude is not null and e.latitude is not null then e.longitude else c.longitude
        end as longitude,
        case
            when e.longitude is not null and e.latitude is not null then e.latitude else c.latitude
        end as latitude,
        c.area_code as camera_area_code
    from {{ ref('stg_detection_events') }} as e
    left join {{ ref('int_camera_days') }} as c
        on e.business_date = c.business_date
            and e.camera_id = c.camera_id
            and {{ rebuilt('c.business_date') }}
    where {{ rebuilt('e.business_date') }}
),

located as (
    {{ township_lookup('placed', cells=ref('stg_geography_cells'), edges=ref('stg_geography_edges')) }}
)

select
    business_date,
    event_id,
    camera_id,
    event_type,
    track_id,
    algorithm,
    detected_at,
    latency_s,
    coalesce(area_code, camera_area_code) as area_code
from located
