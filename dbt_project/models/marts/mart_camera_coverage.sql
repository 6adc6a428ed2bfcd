{{ config(meta={'feeds': ['cameras', 'camera_status']}) }}

-- Hours with evidence over hours that should have some; the district holds every camera, also those of no township.
with areas as (
    select
        business_date,
        area_code,
        is_in_service,
        expected_hours,
        reported_hours,
        observed_hours,
        online_seconds
    from {{ ref('int_camera_days') }}
    where area_code is not null
        and {{ rebuilt('business_date') }}
    union all
    select
        business_date,
        {{ district() }} as area_code,
        is_in_service,
        expected_hours,
        reported_hours,
        observed_hours,
        online_seconds
    from {{ ref('int_camera_days') }}
    where {{ rebuilt('business_date') }}
)

select
    business_date,
    area_code,
    cast(count(*) as bigint) as cameras,
    cast(sum(expected_hours) as bigint) as expected_hours,
    cast(sum(reported_hours) as bigint) as reported_hours,
    cast(sum(observed_hours) as bigint) as observed_hours,
    sum(online_seconds) / 3600.0 as online_hours,
    cast(sum(observed_hours) as double) / nullif(sum(expected_hours), 0) as coverage
from areas
where is_in_service
group by business_date, area_code
