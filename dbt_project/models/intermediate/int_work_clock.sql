{{ config(materialized='table') }}

-- Working time as a running sum over the calendar, so that a deadline is an addition and a look-up back, never a loop.
-- Dates without a gap between them share a `run_no`: nobody may add up over a year that was not entered.
-- A year that the district has entered itself replaces the shipped one as a whole: half of each would be nobody's year.
with entered as (
    select
        calendar_date,
        kind,
        row_number() over (partition by calendar_date order by entered_on desc) as place
    from {{ ref('stg_work_calendar') }}
),

entered_years as (
    select distinct extract(year from calendar_date) as entered_year
    from entered
),

calendar as (
    select calendar_date, kind
    from entered
    where place = 1
    union all
    select s.calendar_date, s.kind
    from {{ ref('stg_work_calendar_shipped') }} as s
    left join entered_years as y on extract(year from s.calendar_date) = y.entered_year
    where y.entered_year is null
),

days as (
    select
        c.calendar_date,
        c.kind in ('workday', 'makeup') as is_workday,
        h.starts_1_s,
        h.ends_1_s,
        h.starts_2_s,
        h.ends_2_s,
        case
            when c.kind in ('workday', 'makeup')
                then h.ends_1_s - h.starts_1_s + h.ends_2_s - h.starts_2_s
            else 0
        end as work_s,
        case
            when lag(c.calendar_date) over (order by c.calendar_date) = {{ add_days('c.calendar_date', -1) }} then 0
            else 1
        end as is_first_of_run
    from calendar as c
    inner join {{ ref('stg_working_hours') }} as h
        on c.calendar_date >= h.effective_from and (h.effective_to is null or c.calendar_date <= h.effective_to)
),

runs as (
    select
        *,
        sum(is_first_of_run) over (order by calendar_date rows between unbounded preceding and current row) as run_no
    from days
)

select
    calendar_date,
    is_workday,
    starts_1_s,
    ends_1_s,
    starts_2_s,
    ends_2_s,
    work_s,
    cast(run_no as bigint) as run_no,
    cast(
        sum(work_s) over (order by calendar_date rows between unbounded preceding and current row) - work_s as bigint
    ) as work_s_before,
    cast(
        sum(case when is_workday then 1 else 0 end)
            over (order by calendar_date rows between unbounded preceding and current row)
        as bigint
    ) as workday_no,
    max(calendar_date) over (partition by run_no) as run_ends_on
from runs
