{{ config(meta={'feeds': ['detection_events', 'cameras', 'camera_status', '_case_events']}) }}

-- From what cameras saw on a date to what became of it, as far as it is known now: a cohort, which fills until its
-- cases are closed. Cameras have a row where one of their detections became a case: 48,000 rows of silence a day help
-- nobody.
with steps as (
    select
        business_date, camera_id, coalesce(algorithm, 'unknown') as algorithm, event_type, area_code,
        detections, incidents, 0 as cases, 0 as confirmed, 0 as false_alarms, 0 as duplicates, 0 as closed
    from {{ ref('int_detection_counts') }}
    where {{ rebuilt('business_date') }}
    union all
    select
        d.business_date, d.camera_id, coalesce(d.algorithm, 'unknown') as algorithm, d.event_type, d.area_code,
        0 as detections, 0 as incidents, 1 as cases,
        case when c.outcome = 'confirmed' then 1 else 0 end as confirmed,
        case when c.outcome = 'false_alarm' then 1 else 0 end as false_alarms,
        case when c.outcome = 'duplicate' then 1 else 0 end as duplicates,
        case when c.closed_date is not null then 1 else 0 end as closed
    from {{ ref('int_case_detections') }} as d
    inner join {{ ref('int_cases') }} as c on d.case_id = c.case_id
    where {{ rebuilt('d.business_date') }}
        and {{ rebuilt_or_day_after('c.reported_date') }}
),

summed as (
    select
        business_date,
        case
            when grouping(area_code) = 0 then 'township'
            when grouping(event_type) = 0 then 'event_type'
            when grouping(algorithm) = 0 then 'algorithm'
            when grouping(camera_id) = 0 then 'camera'
            else 'district'
        end as dimension,
        coalesce(area_code, event_type, algorithm, camera_id, {{ district() }}) as dimension_code,
        sum(detections) as detections,
        sum(incidents) as incidents,
        sum(cases) as cases,
        sum(confirmed) as confirmed,
        sum(false_alarms) as false_alarms,
        sum(duplicates) as duplicates,
        sum(closed) as closed
    from steps
    group by
        grouping sets (
            (business_date), (business_date, area_code), (business_date, event_type),
            (business_date, algorithm), (business_date, camera_id)
        )
    having not (grouping(area_code) = 0 and area_code is null)
        and not (grouping(camera_id) = 0 and (camera_id is null or sum(cases) = 0))
),

-- How much the cameras saw: of a township or the district all of them, of a camera itself. Types and algorithms are
-- shown with the district's.
covered as (
    select business_date, area_code as code, coverage
    from {{ ref('mart_camera_coverage') }}
    where {{ rebuilt('business_date') }}
    union all
    select
        business_date,
        camera_id as code,
        observed_hours / cast(nullif(expected_hours, 0) as double) as coverage
    from {{ ref('int_camera_days') }}
    where {{ rebuilt('business_date') }}
),

-- The export of a date or a later one tells the cases of the date; before, their number is not known.
told as (
    select max(business_date) as told_until
    from {{ ref('stg_landing_accounting') }}
    where feed = 'cases'
        and accepted > 0
),

rules as (
    select coverage_floor, effective_from, effective_to
    from {{ ref('stg_kpi_definitions') }}
    where kpi_code = 'incidents_total'
),

parameters as (
    select max(case when parameter = 'patrol_hours_per_incident' then value end) as patrol_hours_per_incident
    from {{ ref('stg_contract_parameters') }}
    where feed = 'cases'
),

judged as (
    select
        s.*,
        v.coverage,
        coalesce(s.business_date <= t.told_until, false) as are_cases_told,
        case
            when r.coverage_floor is not null and coalesce(v.coverage, 0) < r.coverage_floor
                then 'withheld_low_coverage'
            else 'ok'
        end as status
    from summed as s
    cross join told as t
    left join rules as r
        on s.business_date >= r.effective_from and (r.effective_to is null or s.business_date <= r.effective_to)
    left join covered as v
        on s.business_date = v.business_date
            and v.code = case
                when s.dimension in ('township', 'camera') then s.dimension_code else {{ district() }}
            end
)

select
    j.business_date,
    j.dimension,
    j.dimension_code,
    j.status,
    case when j.are_cases_told then 'ok' else 'no_data' end as case_status,
    j.coverage,
    case when j.status = 'ok' then cast(j.detections as bigint) end as detections,
    case when j.status = 'ok' then cast(j.incidents as bigint) end as incidents,
    case when j.are_cases_told then cast(j.cases as bigint) end as cases,
    case when j.are_cases_told then cast(j.confirmed as bigint) end as confirmed,
    case when j.are_cases_told then cast(j.false_alarms as bigint) end as false_alarms,
    case when j.are_cases_told then cast(j.duplicates as bigint) end as duplicates,
    case when j.are_cases_told then cast(j.closed as bigint) end as closed,
    case
        when j.are_cases_told
            then j.false_alarms / cast(nullif(j.confirmed + j.false_alarms + j.duplicates, 0) as double)
    end as false_alarm_rate,
    case when j.are_cases_told then j.confirmed * p.patrol_hours_per_incident end as patrol_hours_saved
from judged as j
cross join parameters as p
