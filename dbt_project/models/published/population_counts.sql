select business_date, area_code, household_type, persons, status
from {{ ref('mart_residents_protected') }}
where {{ rebuilt('business_date') }}
