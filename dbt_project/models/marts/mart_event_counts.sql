{{ config(meta={'feeds': ['detection_events', 'cameras']}) }}

-- Only what was seen: a missing row may be a quiet township or a dark camera, and kpi_values tells which.
with detections as (
    select
        business_date,
        area_code,
        event_type,
        count(*) as detections
    from {{ ref('int_detections_located') }}
    where {{ rebuilt('business_date') }}
    group by business_date, area_code, event_type
),

incidents as (
    select
        business_date,
        area_code,
        event_type,
        count(*) as incidents
    from {{ ref('int_incidents') }}
    where {{ rebuilt('business_date') }}
    group by business_date, area_code, event_type
),

counted as (
    select business_date, area_code, event_type, detections, 0 as incidents from detections
    union all
    select business_date, area_code, event_type, 0 as detections, incidents from incidents
),

areas as (
    select business_date, area_code, event_type, detections, incidents
    from counted
    where area_code is not null
    union all
    select business_date, {{ district() }} as area_code, event_type, detections, incidents from counted
)

select
    business_date,
    area_code,
    event_type,
    cast(sum(detections) as bigint) as detections,
    cast(sum(incidents) as bigint) as incidents
from areas
group by business_date, area_code, event_type
