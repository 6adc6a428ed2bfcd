-- Every measure that a rule of the rulebook can name, before judgement.
select business_date, area_code, kpi_code, value, numerator, denominator, coverage, is_suppressed
from {{ ref('mart_kpi_incidents') }}
where {{ rebuilt('business_date') }}
union all
select business_date, area_code, kpi_code, value, numerator, denominator, coverage, is_suppressed
from {{ ref('mart_kpi_cameras') }}
where {{ rebuilt('business_date') }}
union all
select business_date, area_code, kpi_code, value, numerator, denominator, coverage, is_suppressed
from {{ ref('mart_kpi_fleet') }}
where {{ rebuilt('business_date') }}
union all
select business_date, area_code, kpi_code, value, numerator, denominator, coverage, is_suppressed
from {{ ref('mart_kpi_residents') }}
where {{ rebuilt('business_date') }}
union all
select business_date, area_code, kpi_code, value, numerator, denominator, coverage, is_suppressed
from {{ ref('mart_kpi_cases') }}
where {{ rebuilt('business_date') }}
union all
select business_date, area_code, kpi_code, value, numerator, denominator, coverage, is_suppressed
from {{ ref('mart_kpi_waste') }}
where {{ rebuilt('business_date') }}
