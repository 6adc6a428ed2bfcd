select business_date, dimension, dimension_code, finding, trips, violations, share, coverage, status
from {{ ref('mart_waste_conformance') }}
where {{ rebuilt('business_date') }}
