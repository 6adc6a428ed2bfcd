{{ config(meta={'feeds': ['cases']}) }}

-- What is counted for a date is the state at its end in Asia/Shanghai, by the newest row of each case:
--   filed   filed in the window
--   due     fell due in the window: closed or past the deadline, whichever was first; every case falls due once, so
--           that days add up
--   closed  closed in the window
-- Rates over filed cases (rework, extension, hand-back, suspension) ask what was known of them by the date.
with days as (
    select distinct business_date
    from {{ ref('stg_changed_dates') }}
    where substring(feed, 1, 1) <> '_'
        and {{ rebuilt('business_date') }}
),

exports as (
    select distinct business_date
    from {{ ref('stg_landing_accounting') }}
    where feed = 'cases'
        and accepted > 0
),

periods as (
    select 'day' as period, 1 as days
    union all
    select '7d' as period, 7 as days
    union all
    select '30d' as period, 30 as days
),

-- Without the export of the date itself nobody knows its end: then there is no row here, and never a zero.
windows as (
    select
        d.business_date,
        p.period,
        p.days,
        {{ add_days('d.business_date', '1 - p.days') }} as first_date,
        b.began_on
    from days as d
    inner join exports as e on d.business_date = e.business_date
    cross join periods as p
    cross join (select min(business_date) as began_on from exports) as b
),

-- The share of the window's exports that arrived, from the first export ever on.
covered as (
    select
        w.business_date,
        w.period,
        min(w.days) as days,
        cast(count(x.business_date) as double)
        / min({{ days_between('greatest(w.first_date, w.began_on)', 'w.business_date') }} + 1) as coverage
    from windows as w
    left join exports as x on x.business_date between w.first_date and w.business_date
    group by w.business_date, w.period
),

cases as (
    select
        area_code, unit_code, category_code, source, filed_date, closed_date, due_date, deadline_date,
        coalesce(closed_date, date '9999-12-31') as closed_or_never,
        coalesce(is_on_time, false) as is_on_time,
        handling_hours, reworked_known_on, extended_known_on, handed_back_known_on, suspended_date,
        case when source = 'ai_camera' then verified_date end as camera_verified_date,
        outcome
    from {{ ref('int_cases') }}
    where {{ case_months('closed_month') }}
),

-- Each of the ways a case belongs to a window brings its own measures. Joined apart, because a join over one
-- pair of bounds costs what it finds, and one over their union costs every case times every window.
moved as (
    select
        w.business_date, w.period, c.area_code, c.unit_code, c.category_code, c.source,
        'filed' as how,
        c.closed_date <= w.business_date as is_closed_by,
        c.closed_date <= w.business_date or c.deadline_date <= w.business_date as is_due_by,
        c.is_on_time,
        c.reworked_known_on <= w.business_date as is_reworked,
        c.extended_known_on <= w.business_date as is_extended,
        c.handed_back_known_on <= w.business_date as is_handed_back,
        c.suspended_date <= w.business_date as is_suspended,
        null as handling_hours,
        null as outcome
    from windows as w
    inner join cases as c on c.filed_date between w.first_date and w.business_date
    union all
    select
        w.business_date, w.period, c.area_code, c.unit_code, c.category_code, c.source,
        'due' as how,
        c.closed_date <= w.business_date as is_closed_by,
        true as is_due_by,
        c.is_on_time,
        false as is_reworked,
        false as is_extended,
        false as is_handed_back,
        false as is_suspended,
        null as handling_hours,
        null as outcome
    from windows as w
    inner join cases as c on c.due_date between w.first_date and w.business_date
    union all
    select
        w.business_date, w.period, c.area_code, c.unit_code, c.category_code, c.source,
        'closed' as how,
        true as is_closed_by,
        true as is_due_by,
        c.is_on_time,
        false as is_reworked,
        false as is_extended,
        false as is_handed_back,
        false as is_suspended,
        c.handling_hours,
        null as outcome
    from windows as w
    inner join cases as c on c.closed_date between w.first_date and w.business_date
    union all
    select
        w.business_date, w.period, c.area_code, c.unit_code, c.category_code, c.source,
        'verified' as how,
        false as is_closed_by,
        false as is_due_by,
        false as is_on_time,
        false as is_reworked,
        false as is_extended,
        false as is_handed_back,
        false as is_suspended,
        null as handling_hours,
        c.outcome
    from windows as w
    inner join cases as c on c.camera_verified_date between w.first_date and w.business_date
),

flows as (
    select
        business_date,
        period,
        {{ case_dimension() }} as dimension,
        coalesce(area_code, unit_code, category_code, source, {{ district() }}) as dimension_code,
        count(*) filter (where how = 'filed') as filed,
        count(*) filter (where how = 'due') as due,
        count(*) filter (where how = 'closed') as closed,
        count(*) filter (where how = 'due' and is_closed_by) as due_closed,
        count(*) filter (where how = 'due' and is_closed_by and is_on_time) as due_on_time,
        count(*) filter (where how = 'filed' and is_due_by) as filed_due,
        count(*) filter (where how = 'filed' and is_closed_by and is_on_time) as filed_on_time,
        count(*) filter (where how = 'filed' and is_reworked) as reworked,
        count(*) filter (where how = 'filed' and is_extended) as extended,
        count(*) filter (where how = 'filed' and is_handed_back) as handed_back,
        count(*) filter (where how = 'filed' and is_suspended) as suspended,
        count(*) filter (where how = 'verified' and outcome is not null) as camera_verified,
        count(*) filter (where how = 'verified' and outcome = 'confirmed') as camera_confirmed,
        count(*) filter (where how = 'verified' and outcome = 'false_alarm') as camera_false_alarms,
        percentile_cont(0.5) within group (order by handling_hours) as median_handling_hours,
        percentile_cont(0.9) within group (order by handling_hours) as p90_handling_hours
    from moved
    group by
        grouping sets (
            (business_date, period), (business_date, period, area_code), (business_date, period, unit_code),
            (business_date, period, category_code), (business_date, period, source)
        )
    having not {{ is_rest_of_dimension() }}
),

standing as (
    select
        w.business_date, c.area_code, c.unit_code, c.category_code, c.source,
        coalesce(c.deadline_date <= w.business_date, false) as is_overdue
    from windows as w
    inner join cases as c
        on w.business_date >= c.filed_date
            and w.business_date < c.closed_or_never
    where w.period = 'day'
),

stocks as (
    select
        business_date,
        {{ case_dimension() }} as dimension,
        coalesce(area_code, unit_code, category_code, source, {{ district() }}) as dimension_code,
        count(*) as open_cases,
        count(*) filter (where is_overdue) as overdue
    from standing
    group by
        grouping sets (
            (business_date), (business_date, area_code), (business_date, unit_code),
            (business_date, category_code), (business_date, source)
        )
    having not {{ is_rest_of_dimension() }}
),

known_codes as (
    select 'district' as dimension, {{ district() }} as dimension_code
    union all
    select 'township' as dimension, area_code as dimension_code from {{ ref('stg_geography_townships') }}
    union all
    select 'category' as dimension, category_code as dimension_code from {{ ref('stg_case_categories') }}
    union all
    select 'source' as dimension, 'ai_camera' as dimension_code
    union all
    select 'source' as dimension, 'patrol' as dimension_code
    union all
    select 'source' as dimension, 'hotline' as dimension_code
    union all
    select 'source' as dimension, 'upload' as dimension_code
),

codes as (
    select c.business_date, c.period, c.days, c.coverage, k.dimension, k.dimension_code
    from covered as c
    cross join known_codes as k
    union
    select c.business_date, c.period, c.days, c.coverage, f.dimension, f.dimension_code
    from covered as c
    inner join flows as f on c.business_date = f.business_date and c.period = f.period
    union
    select c.business_date, c.period, c.days, c.coverage, s.dimension, s.dimension_code
    from covered as c
    inner join stocks as s on c.business_date = s.business_date
)

select
    c.business_date,
    c.period,
    c.days as period_days,
    c.dimension,
    c.dimension_code,
    c.coverage,
    coalesce(f.filed, 0) as filed,
    coalesce(f.due, 0) as due,
    coalesce(f.closed, 0) as closed,
    coalesce(f.due_closed, 0) as due_closed,
    coalesce(f.due_on_time, 0) as due_on_time,
    coalesce(f.filed_due, 0) as filed_due,
    coalesce(f.filed_on_time, 0) as filed_on_time,
    coalesce(f.reworked, 0) as reworked,
    coalesce(f.extended, 0) as extended,
    coalesce(f.handed_back, 0) as handed_back,
    coalesce(f.suspended, 0) as suspended,
    coalesce(f.camera_verified, 0) as camera_verified,
    coalesce(f.camera_confirmed, 0) as camera_confirmed,
    coalesce(f.camera_false_alarms, 0) as camera_false_alarms,
    f.median_handling_hours,
    f.p90_handling_hours,
    coalesce(s.open_cases, 0) as open_cases,
    coalesce(s.overdue, 0) as overdue
from codes as c
left join flows as f
    on c.business_date = f.business_date
        and c.period = f.period
        and c.dimension = f.dimension
        and c.dimension_code = f.dimension_code
left join stocks as s
    on c.business_date = s.business_date
        and c.dimension = s.dimension
        and c.dimension_code = s.dimension_code
