-- `edition` is added when an edition is published: the same rows belong to every edition that carries them.
select kpi_code, area_code, business_date, value, numerator, denominator, coverage, status, rule_version
from {{ ref('mart_kpi_values') }}
where {{ rebuilt('business_date') }}
