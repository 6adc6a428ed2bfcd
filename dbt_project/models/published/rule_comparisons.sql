select
    business_date, area_code, kpi_code, rule_version, is_in_force, value, numerator, denominator, coverage, status
from {{ ref('mart_rule_comparisons') }}
where {{ rebuilt('business_date') }}
