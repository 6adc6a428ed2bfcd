{{ config(meta={'feeds': ['cameras', 'camera_status']}) }}

with parameters as (
    select max(case when parameter = 'observed_minimum_seconds' then value end) as observed_minimum_seconds
    from {{ ref('stg_contract_parameters') }}
    where feed = 'camera_status'
),

cameras as (
    select
        d.business_date,
        c.camera_id,
        c.longitude,
        c.latitude,
        c.kind,
        t.area_code,
        (c.installed_on is null or c.installed_on <= d.business_date)
        and (c.retired_on is null or c.retired_on > d.business_date) as is_in_service
    from {{ ref('int_register_days') }} as d
    inner join {{ ref('stg_cameras') }} as c on d.snapshot_date = c.snapshot_date
    -- A township code outside the district's list counts for the district only.
    left join {{ ref('stg_geography_townships') }} as t on c.township_code = t.area_code
    where d.feed = 'cameras'
        and {{ rebuilt('d.business_date') }}
        and {{ in_effect('c.snapshot_date', 'cameras') }}
),

states as (
    select
        s.business_date,
        s.camera_id,
        cast(count(*) as bigint) as reported_hours,
        cast(count(*) filter (where s.online_seconds >= p.observed_minimum_seconds) as bigint) as observed_hours,
        cast(sum(s.online_seconds) as bigint) as online_seconds
    from {{ ref('stg_camera_status') }} as s
    cross join parameters as p
    where {{ rebuilt('s.business_date') }}
    group by s.business_date, s.camera_id
),

-- Without any state on a date nobody knows which cameras were dark: that is unknown, not zero.
days_with_states as (
    select distinct business_date from states
)

select
    c.business_date,
    c.camera_id,
    c.area_code,
    c.longitude,
    c.latitude,
    c.kind,
    c.is_in_service,
    case when c.is_in_service then 24 else 0 end as expected_hours,
    case when d.business_date is not null then coalesce(s.reported_hours, 0) end as reported_hours,
    case when d.business_date is not null then coalesce(s.observed_hours, 0) end as observed_hours,
    case when d.business_date is not null then coalesce(s.online_seconds, 0) end as online_seconds
from cameras as c
left join days_with_states as d on c.business_date = d.business_date
left join states as s on c.business_date = s.business_date and c.camera_id = s.camera_id
