with latency as (
    select
        business_date, area_code, 'detection_latency_p95' as kpi_code,
        round(latency_p95_s, 3) as value, cast(measured as double) as numerator,
        cast(detections as double) as denominator, measured / cast(nullif(detections, 0) as double) as coverage
    from {{ ref('mart_detection_latency') }}
    where {{ rebuilt('business_date') }}
),

-- Where no state of any camera arrived, observed_hours is NULL and so is every value: no data, not zero.
hours as (
    select
        business_date, area_code, 'camera_coverage' as kpi_code,
        coverage as value, cast(observed_hours as double) as numerator,
        case when observed_hours is not null then cast(expected_hours as double) end as denominator, coverage
    from {{ ref('mart_camera_coverage') }}
    where {{ rebuilt('business_date') }}
    union all
    select
        business_date, area_code, 'camera_online_rate' as kpi_code,
        round(online_hours / nullif(expected_hours, 0), 6) as value, round(online_hours, 3) as numerator,
        case when online_hours is not null then cast(expected_hours as double) end as denominator,
        cast(reported_hours as double) / nullif(expected_hours, 0) as coverage
    from {{ ref('mart_camera_coverage') }}
    where {{ rebuilt('business_date') }}
)

select business_date, area_code, kpi_code, value, numerator, denominator, coverage, false as is_suppressed
from latency
union all
select business_date, area_code, kpi_code, value, numerator, denominator, coverage, false as is_suppressed
from hours
