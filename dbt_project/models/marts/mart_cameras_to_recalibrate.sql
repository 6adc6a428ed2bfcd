{{ config(meta={'feeds': ['_case_windows']}) }}

-- Cameras whose cases of the 30 days up to the date were false alarms too often, among those with enough verified ones.
with parameters as (
    select
        max(case when parameter = 'recalibration_minimum_verified' then value end) as minimum_verified,
        max(case when parameter = 'recalibration_false_alarm_rate' then value end) as limit_rate
    from {{ ref('stg_contract_parameters') }}
    where feed = 'cases'
),

days as (
    select distinct business_date
    from {{ ref('stg_changed_dates') }}
    where feed = '_case_windows'
        and {{ rebuilt('business_date') }}
),

cameras as (
    select business_date, dimension_code as camera_id, cases, confirmed, false_alarms, duplicates
    from {{ ref('mart_event_funnel') }}
    where dimension = 'camera'
        and {{ windows_rebuilt('business_date') }}
),

summed as (
    select
        d.business_date,
        c.camera_id,
        cast(sum(c.cases) as bigint) as cases,
        cast(sum(c.confirmed + c.false_alarms + c.duplicates) as bigint) as verified,
        cast(sum(c.false_alarms) as bigint) as false_alarms
    from days as d
    inner join cameras as c
        on c.business_date between {{ add_days('d.business_date', -29) }} and d.business_date
    group by d.business_date, c.camera_id
)

select
    s.business_date,
    s.camera_id,
    s.cases,
    s.verified,
    s.false_alarms,
    s.false_alarms / cast(s.verified as double) as false_alarm_rate
from summed as s
cross join parameters as p
where s.verified >= p.minimum_verified
    and s.false_alarms > p.limit_rate * s.verified
