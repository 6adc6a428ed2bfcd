{{ config(materialized='view', meta={'kpi_rows': true}) }}

-- The cases behind each KPI of cases, for whoever contests one: asked by date, so that nothing of it is stored. What
-- belongs to a window is defined in mart_case_counts; the two are held together by a test.
with windows as (
    select
        business_date,
        {{ add_days('business_date', '-29') }} as first_date
    from {{ ref('mart_case_counts') }}
    where period = 'day'
        and dimension = 'district'
),

cases as (
    select
        case_id, area_code, source, known_on, filed_date, due_date, deadline_date, closed_date, verified_date,
        reworked_known_on, extended_known_on, handed_back_known_on, suspended_date, outcome,
        coalesce(closed_date, date '9999-12-31') as closed_or_never,
        coalesce(is_on_time, false) as is_on_time
    from {{ ref('int_cases') }}
),

-- Each case of a date once for each way it belongs there: of the day itself, or of the 30 days up to it.
day_filed as (
    select
        w.business_date, c.*, c.closed_date <= w.business_date as is_closed_by
    from windows as w
    inner join cases as c on w.business_date = c.filed_date
),

day_due as (
    select
        w.business_date, c.*, c.closed_date <= w.business_date as is_closed_by
    from windows as w
    inner join cases as c on w.business_date = c.due_date
),

day_closed as (
    select w.business_date, c.*, true as is_closed_by
    from windows as w
    inner join cases as c on w.business_date = c.closed_date
),

day_open as (
    select w.business_date, c.*, false as is_closed_by
    from windows as w
    inner join cases as c on w.business_date >= c.filed_date and w.business_date < c.closed_or_never
),

month_filed as (
    select
        w.business_date, c.*, c.closed_date <= w.business_date as is_closed_by
    from windows as w
    inner join cases as c on c.filed_date between w.first_date and w.business_date
),

month_verified as (
    select w.business_date, c.*, false as is_closed_by
    from windows as w
    inner join cases as c on c.verified_date between w.first_date and w.business_date
    where c.source = 'ai_camera'
),

belongs as (
    select
        business_date, case_id, area_code, known_on, 'cases_filed' as kpi_code,
        true as is_in_numerator, false as is_in_denominator
    from day_filed
    union all
    select
        business_date, case_id, area_code, known_on, 'cases_due' as kpi_code,
        true as is_in_numerator, false as is_in_denominator
    from day_due
    union all
    select
        business_date, case_id, area_code, known_on, 'cases_closed' as kpi_code,
        true as is_in_numerator, false as is_in_denominator
    from day_closed
    union all
    select
        business_date, case_id, area_code, known_on, 'case_handling_hours_median' as kpi_code,
        true as is_in_numerator, false as is_in_denominator
    from day_closed
    union all
    select
        business_date, case_id, area_code, known_on, 'case_handling_hours_p90' as kpi_code,
        true as is_in_numerator, false as is_in_denominator
    from day_closed
    union all
    select
        business_date, case_id, area_code, known_on, 'cases_open' as kpi_code,
        true as is_in_numerator, false as is_in_denominator
    from day_open
    union all
    select
        business_date, case_id, area_code, known_on, 'cases_overdue' as kpi_code,
        true as is_in_numerator, false as is_in_denominator
    from day_open
    where deadline_date <= business_date
    union all
    select
        business_date, case_id, area_code, known_on, 'case_closing_rate' as kpi_code,
        coalesce(is_closed_by, false) as is_in_numerator, true as is_in_denominator
    from day_due
    union all
    select
        business_date, case_id, area_code, known_on, 'case_on_time_rate' as kpi_code,
        coalesce(is_closed_by, false) and is_on_time as is_in_numerator, true as is_in_denominator
    from day_due
    union all
    select
        business_date, case_id, area_code, known_on, 'case_on_time_rate_filed' as kpi_code,
        coalesce(is_closed_by, false) and is_on_time as is_in_numerator,
        coalesce(is_closed_by or deadline_date <= business_date, false) as is_in_denominator
    from month_filed
    union all
    select
        business_date, case_id, area_code, known_on, 'case_rework_rate' as kpi_code,
        coalesce(reworked_known_on <= business_date, false) as is_in_numerator, true as is_in_denominator
    from month_filed
    union all
    select
        business_date, case_id, area_code, known_on, 'case_extension_rate' as kpi_code,
        coalesce(extended_known_on <= business_date, false) as is_in_numerator, true as is_in_denominator
    from month_filed
    union all
    select
        business_date, case_id, area_code, known_on, 'case_hand_back_rate' as kpi_code,
        coalesce(handed_back_known_on <= business_date, false) as is_in_numerator, true as is_in_denominator
    from month_filed
    union all
    select
        business_date, case_id, area_code, known_on, 'case_suspension_rate' as kpi_code,
        coalesce(suspended_date <= business_date, false) as is_in_numerator, true as is_in_denominator
    from month_filed
    union all
    select
        business_date, case_id, area_code, known_on, 'case_false_alarm_rate' as kpi_code,
        outcome = 'false_alarm' as is_in_numerator, true as is_in_denominator
    from month_verified
    where outcome is not null
    union all
    select
        business_date, case_id, area_code, known_on, 'patrol_hours_saved' as kpi_code,
        true as is_in_numerator, false as is_in_denominator
    from month_verified
    where outcome = 'confirmed'
        and verified_date = business_date
)

select
    kpi_code,
    {{ district() }} as area_code,
    business_date,
    case_id as row_id,
    is_in_numerator,
    is_in_denominator,
    'cases' as feed,
    known_on as told_on
from belongs
where is_in_numerator or is_in_denominator
union all
select
    kpi_code,
    area_code,
    business_date,
    case_id as row_id,
    is_in_numerator,
    is_in_denominator,
    'cases' as feed,
    known_on as told_on
from belongs
where area_code is not null
    and (is_in_numerator or is_in_denominator)
