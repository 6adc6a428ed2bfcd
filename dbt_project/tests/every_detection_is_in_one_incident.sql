{{ config(severity='error', meta={'owner': 'data engineering'}) }}

with located as (
    select business_date, event_type, count(*) as detections
    from {{ ref('int_detections_located') }}
    where {{ rebuilt('business_date') }}
    group by business_date, event_type
),

folded as (
    select business_date, event_type, sum(detections) as detections
    from {{ ref('int_incidents') }}
    where {{ rebuilt('business_date') }}
    group by business_date, event_type
)

select l.business_date, l.event_type, l.detections, f.detections as folded
from located as l
full outer join folded as f on l.business_date = f.business_date and l.event_type = f.event_type
where coalesce(l.detections, 0) <> coalesce(f.detections, 0)
