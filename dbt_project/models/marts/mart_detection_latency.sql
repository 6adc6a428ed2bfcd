{{ config(meta={'feeds': ['detection_events', 'cameras']}) }}

-- A detection later than its reception is a clock that runs ahead: it measures nothing and lowers the coverage.
with areas as (
    select business_date, area_code, latency_s
    from {{ ref('int_detections_located') }}
    where area_code is not null
        and {{ rebuilt('business_date') }}
    union all
    select business_date, {{ district() }} as area_code, latency_s
    from {{ ref('int_detections_located') }}
    where {{ rebuilt('business_date') }}
)

select
    business_date,
    area_code,
    cast(count(*) as bigint) as detections,
    cast(count(*) filter (where latency_s >= 0) as bigint) as measured,
    percentile_cont(0.95) within group (order by case when latency_s >= 0 then latency_s end) as latency_p95_s
from areas
group by business_date, area_code
