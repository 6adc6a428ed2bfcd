{{ config(materialized='by_case', partitioned_by='closed_month') }}

-- depends_on: {{ ref('stg_cases') }}
-- The deadline of a case on its own clock (GB/T 30428): continuous hours (紧急工作时), working hours (工作时) or working
-- days (工作日, to the close of business of the n-th working day after the day of filing: Civil Code, Art 201 and 203).
--   given       the case system's own deadline stands, where it gave one
--   suspension  moves it by the time suspended on the case's own clock, when it began before the deadline; a case that
--               is still suspended has no deadline yet
--   extension   moves it to `extended_until`, when it was known by the end of the deadline's day; one that became known
--               later does not cure what was overdue
-- A category on no clock (`none`: requests without a time limit) has no deadline unless the case system gave one: it is
-- never due while open, and on time when it closes.
with cases as (
    select
        c.*,
        a.area_code,
        {{ shanghai_date('c.reported_at') }} as reported_date,
        {{ shanghai_date('c.filed_at') }} as filed_date,
        {{ shanghai_date('c.closed_at') }} as closed_date,
        case
            when c.suspended_from < c.filed_at then c.filed_at
            else c.suspended_from
        end as paused_from,
        case
            when c.suspended_until is null then c.closed_at
            when c.suspended_until < c.filed_at then c.filed_at
            else c.suspended_until
        end as paused_until
    from {{ ref('int_cases_known') }} as c
    left join {{ ref('stg_geography_townships') }} as a on c.township_code = a.area_code
    where {{ changed_case('c.case_id') }}
),

ruled as (
    select
        c.*,
        coalesce(own.clock, other.clock) as clock,
        coalesce(own.allowance, other.allowance) as allowance
    from cases as c
    left join {{ ref('stg_case_deadlines') }} as own
        on c.category_code = own.category_code
            and c.filed_date >= own.effective_from
            and (own.effective_to is null or c.filed_date <= own.effective_to)
    left join {{ ref('stg_case_deadlines') }} as other
        on other.category_code = '*'
            and c.filed_date >= other.effective_from
            and (other.effective_to is null or c.filed_date <= other.effective_to)
),

-- Readings of the clocks at filing and at both ends of the suspension.
read_off as (
    select
        r.*,
        f.run_no,
        f.run_ends_on,
        f.workday_no,
        f.work_s_before + {{ worked_seconds('f', shanghai_seconds('r.filed_at')) }} as filed_work_s,
        p.workday_no as paused_workday_no,
        p.is_workday and {{ shanghai_seconds('r.paused_from') }} < p.ends_2_s as is_paused_before_close,
        p.work_s_before + {{ worked_seconds('p', shanghai_seconds('r.paused_from')) }} as paused_work_s,
        u.workday_no as resumed_workday_no,
        -- The first working day that closes after the end of the suspension.
        case
            when u.is_workday and {{ shanghai_seconds('r.paused_until') }} <= u.ends_2_s then u.workday_no
            else u.workday_no + 1
        end as resumed_close_no,
        u.work_s_before + {{ worked_seconds('u', shanghai_seconds('r.paused_until')) }} as resumed_work_s
    from ruled as r
    left join {{ ref('int_work_clock') }} as f on r.filed_date = f.calendar_date
    left join {{ ref('int_work_clock') }} as p
        on {{ shanghai_date('r.paused_from') }} = p.calendar_date and f.run_no = p.run_no
    left join {{ ref('int_work_clock') }} as u
        on {{ shanghai_date('r.paused_until') }} = u.calendar_date and f.run_no = u.run_no
),

paused as (
    select
        *,
        coalesce(case clock
            when 'continuous' then {{ seconds_between('filed_at', 'paused_from') }} < allowance * 3600
            when 'working_hours' then paused_work_s < filed_work_s + allowance * 3600
            when 'working_days'
                then paused_workday_no < workday_no + allowance
                    or (paused_workday_no = workday_no + allowance and is_paused_before_close)
        end, false) as is_paused_in_time
    from read_off
),

shifted as (
    select
        *,
        is_paused_in_time and paused_until is null and given_deadline_at is null as is_suspended,
        case
            when not is_paused_in_time then 0
            when clock = 'continuous' then greatest({{ seconds_between('paused_from', 'paused_until') }}, 0)
            when clock = 'working_hours' then greatest(resumed_work_s - paused_work_s, 0)
            when clock = 'working_days' then greatest(resumed_workday_no - paused_workday_no, 0)
        end as pause
    from paused
),

-- A case suspended on its last day is due on the day it goes on; never while it is suspended.
targeted as (
    select
        *,
        case
            when is_paused_in_time then greatest(workday_no + allowance + pause, resumed_close_no)
            else workday_no + allowance
        end as due_workday_no
    from shifted
),

computed as (
    select
        s.*,
        case
            when s.given_deadline_at is not null then s.given_deadline_at
            when s.is_suspended then null
            when s.clock = 'continuous' then {{ add_seconds('s.filed_at', 's.allowance * 3600 + s.pause') }}
            when s.clock = 'working_hours'
                then {{ utc_of_shanghai(
                    'h.calendar_date',
                    moment_of_work('h', '(s.filed_work_s + s.allowance * 3600 + s.pause - h.work_s_before)')
                ) }}
            when s.clock = 'working_days' then {{ utc_of_shanghai('d.calendar_date', 'd.ends_2_s') }}
        end as base_deadline_at
    from targeted as s
    left join {{ ref('int_work_clock') }} as h
        on s.clock = 'working_hours'
            and s.run_no = h.run_no
            and s.filed_work_s + s.allowance * 3600 + s.pause > h.work_s_before
            and s.filed_work_s + s.allowance * 3600 + s.pause <= h.work_s_before + h.work_s
    left join {{ ref('int_work_clock') }} as d
        on s.clock = 'working_days'
            and s.run_no = d.run_no
            and d.is_workday
            and s.due_workday_no = d.workday_no
),

-- Each extension has to be known by the day of the deadline that those before it gave; after one that came too late
-- there is nothing left to extend.
reached as (
    select
        c.case_id,
        c.base_deadline_at,
        e.extended_until,
        e.first_known_on,
        max(e.extended_until) over (
            partition by c.case_id order by e.first_known_on, e.extended_until
            rows between unbounded preceding and 1 preceding
        ) as extended_before
    from computed as c
    -- An extension that was taken back or shortened again does not count.
    inner join {{ ref('int_case_extensions') }} as e
        on c.case_id = e.case_id and c.extended_until >= e.extended_until
    where c.base_deadline_at is not null
        and {{ changed_case('e.case_id') }}
),

timely as (
    select
        *,
        sum(case
            when first_known_on > {{ shanghai_date(
                'greatest(base_deadline_at, coalesce(extended_before, base_deadline_at))'
            ) }} then 1
            else 0
        end) over (
            partition by case_id order by first_known_on, extended_until
            rows between unbounded preceding and current row
        ) as late_extensions
    from reached
),

extended as (
    select case_id, max(extended_until) as extended_until
    from timely
    where late_extensions = 0
    group by case_id
),

settled as (
    select
        c.*,
        case
            when e.extended_until > c.base_deadline_at then e.extended_until
            else c.base_deadline_at
        end as deadline_at,
        case
            when e.extended_until > c.base_deadline_at then 'extended'
            when c.given_deadline_at is not null then 'given'
            when c.clock = 'none' then 'none'
            when c.is_suspended then 'suspended'
            when c.base_deadline_at is null then 'calendar_missing'
            else 'computed'
        end as deadline_basis
    from computed as c
    left join extended as e on c.case_id = e.case_id
)

select
    case_id,
    source,
    event_id,
    category_code,
    area_code,
    unit_code,
    longitude,
    latitude,
    reported_at,
    reported_date,
    filed_at,
    filed_date,
    dispatched_at,
    handled_at,
    verified_at,
    {{ shanghai_date('verified_at') }} as verified_date,
    closed_at,
    closed_date,
    -- Open cases lie together in the month that never comes: a build passes over the files of what was closed long ago.
    -- One verified after its closing is counted of that day as well, and lies by it.
    coalesce(
        cast(date_trunc('month', case
            when verified_at > closed_at then {{ shanghai_date('verified_at') }}
            else closed_date
        end) as date),
        date '9999-12-01'
    ) as closed_month,
    clock,
    allowance,
    base_deadline_at,
    deadline_at,
    {{ shanghai_date('deadline_at') }} as deadline_date,
    deadline_basis,
    case
        when deadline_basis = 'calendar_missing' and run_ends_on is null
            then cast(extract(year from filed_date) as integer)
        when deadline_basis = 'calendar_missing'
            then cast(extract(year from {{ add_days('run_ends_on', 1) }}) as integer)
    end as missing_calendar_year,
    closed_at <= case when deadline_basis = 'none' then closed_at else deadline_at end as is_on_time,
    case
        when closed_at is null then {{ shanghai_date('deadline_at') }}
        when deadline_at is null or closed_at <= deadline_at then closed_date
        else {{ shanghai_date('deadline_at') }}
    end as due_date,
    case
        when closed_at is not null
            then ({{ seconds_between('filed_at', 'closed_at') }} - case
                when paused_from < closed_at
                    then greatest({{ seconds_between(
                        'paused_from', '(case when paused_until < closed_at then paused_until else closed_at end)'
                    ) }}, 0)
                else 0
            end) / 3600.0
    end as handling_hours,
    first_known_on,
    known_on,
    reworked_known_on,
    handed_back_known_on,
    extended_known_on,
    {{ shanghai_date('suspended_from') }} as suspended_date,
    outcome
from settled
