-- Flows and stocks are of the day, rates over filed cases of the 30 days up to it: of a day's filings nobody knows the
-- end yet. Rates of nothing (no case fell due) have no value.
with parameters as (
    select max(case when parameter = 'patrol_hours_per_incident' then value end) as patrol_hours_per_incident
    from {{ ref('stg_contract_parameters') }}
    where feed = 'cases'
),

counts as (
    select *
    from {{ ref('mart_case_counts') }}
    where dimension in ('district', 'township')
        and {{ rebuilt('business_date') }}
),

measured as (
    select
        business_date, dimension_code as area_code, 'cases_filed' as kpi_code,
        cast(filed as double) as value, filed as numerator, null as denominator, coverage
    from counts
    where period = 'day'
    union all
    select
        business_date, dimension_code as area_code, 'cases_due' as kpi_code,
        cast(due as double) as value, due as numerator, null as denominator, coverage
    from counts
    where period = 'day'
    union all
    select
        business_date, dimension_code as area_code, 'cases_closed' as kpi_code,
        cast(closed as double) as value, closed as numerator, null as denominator, coverage
    from counts
    where period = 'day'
    union all
    select
        business_date, dimension_code as area_code, 'cases_open' as kpi_code,
        cast(open_cases as double) as value, open_cases as numerator, null as denominator, coverage
    from counts
    where period = 'day'
    union all
    select
        business_date, dimension_code as area_code, 'cases_overdue' as kpi_code,
        cast(overdue as double) as value, overdue as numerator, null as denominator, coverage
    from counts
    where period = 'day'
    union all
    select
        business_date, dimension_code as area_code, 'case_closing_rate' as kpi_code,
        due_closed / cast(nullif(due, 0) as double) as value, due_closed as numerator, due as denominator, coverage
    from counts
    where period = 'day'
    union all
    select
        business_date, dimension_code as area_code, 'case_on_time_rate' as kpi_code,
        due_on_time / cast(nullif(due, 0) as double) as value, due_on_time as numerator, due as denominator, coverage
    from counts
    where period = 'day'
    union all
    select
        business_date, dimension_code as area_code, 'case_on_time_rate_filed' as kpi_code,
        filed_on_time / cast(nullif(filed_due, 0) as double) as value,
        filed_on_time as numerator, filed_due as denominator, coverage
    from counts
    where period = '30d'
    union all
    select
        business_date, dimension_code as area_code, 'case_rework_rate' as kpi_code,
        reworked / cast(nullif(filed, 0) as double) as value, reworked as numerator, filed as denominator, coverage
    from counts
    where period = '30d'
    union all
    select
        business_date, dimension_code as area_code, 'case_extension_rate' as kpi_code,
        extended / cast(nullif(filed, 0) as double) as value, extended as numerator, filed as denominator, coverage
    from counts
    where period = '30d'
    union all
    select
        business_date, dimension_code as area_code, 'case_hand_back_rate' as kpi_code,
        handed_back / cast(nullif(filed, 0) as double) as value,
        handed_back as numerator, filed as denominator, coverage
    from counts
    where period = '30d'
    union all
    select
        business_date, dimension_code as area_code, 'case_suspension_rate' as kpi_code,
        suspended / cast(nullif(filed, 0) as double) as value, suspended as numerator, filed as denominator, coverage
    from counts
    where period = '30d'
    union all
    select
        business_date, dimension_code as area_code, 'case_handling_hours_median' as kpi_code,
        median_handling_hours as value, closed as numerator, null as denominator, coverage
    from counts
    where period = 'day'
    union all
    select
        business_date, dimension_code as area_code, 'case_handling_hours_p90' as kpi_code,
        p90_handling_hours as value, closed as numerator, null as denominator, coverage
    from counts
    where period = 'day'
    union all
    select
        business_date, dimension_code as area_code, 'case_false_alarm_rate' as kpi_code,
        camera_false_alarms / cast(nullif(camera_verified, 0) as double) as value,
        camera_false_alarms as numerator, camera_verified as denominator, coverage
    from counts
    where period = '30d'
    union all
    select
        c.business_date, c.dimension_code as area_code, 'patrol_hours_saved' as kpi_code,
        c.camera_confirmed * p.patrol_hours_per_incident as value,
        c.camera_confirmed as numerator, null as denominator, c.coverage
    from counts as c
    cross join parameters as p
    where c.period = 'day'
)

select
    business_date,
    area_code,
    kpi_code,
    value,
    cast(numerator as double) as numerator,
    cast(denominator as double) as denominator,
    coverage,
    false as is_suppressed
from measured
