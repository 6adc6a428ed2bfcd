{{ config(meta={'feeds': ['detection_events', 'cameras']}, partitioned_by='business_date') }}

-- What the funnel needs of millions of detections, kept by day: it is asked again whenever a case of the day moves on.
with counted as (
    select business_date, camera_id, algorithm, event_type, area_code, count(*) as detections, 0 as incidents
    from {{ ref('int_detections_located') }}
    where {{ rebuilt('business_date') }}
    group by business_date, camera_id, algorithm, event_type, area_code
    union all
    select business_date, camera_id, algorithm, event_type, area_code, 0 as detections, count(*) as incidents
    from {{ ref('int_incidents') }}
    where {{ rebuilt('business_date') }}
    group by business_date, camera_id, algorithm, event_type, area_code
)

select
    business_date,
    camera_id,
    algorithm,
    event_type,
    area_code,
    cast(sum(detections) as bigint) as detections,
    cast(sum(incidents) as bigint) as incidents
from counted
group by business_date, camera_id, algorithm, event_type, area_code
