-- For the district only: trucks cross townships. Coverage is the share of approved trucks that were heard from.
with fleet as (
    select
        *,
        trucks_reporting / cast(nullif(trucks_approved, 0) as double) as coverage,
        -- A fleet that sent not one position sent no file: that is no data, and no rate of zero.
        fixes > 0 as has_fixes
    from {{ ref('mart_fleet') }}
    where {{ rebuilt('business_date') }}
),

measured as (
    select
        business_date, 'trucks_reporting_rate' as kpi_code,
        coverage as value, cast(trucks_reporting as double) as numerator,
        cast(trucks_approved as double) as denominator, coverage
    from fleet
    where has_fixes
    union all
    select
        business_date, 'gps_completeness' as kpi_code,
        observed_reports / cast(nullif(expected_reports, 0) as double) as value,
        cast(observed_reports as double) as numerator, cast(expected_reports as double) as denominator, coverage
    from fleet
    where has_fixes
    union all
    select
        business_date, 'gps_drift_rate' as kpi_code,
        drift_fixes / cast(nullif(fixes, 0) as double) as value,
        cast(drift_fixes as double) as numerator, cast(fixes as double) as denominator, coverage
    from fleet
    where has_fixes
    union all
    select
        business_date, 'waste_truck_night_km' as kpi_code,
        night_km as value, night_km as numerator, cast(null as double) as denominator, coverage
    from fleet
    where has_fixes
)

select
    business_date,
    {{ district() }} as area_code,
    kpi_code,
    value,
    numerator,
    denominator,
    coverage,
    false as is_suppressed
from measured
