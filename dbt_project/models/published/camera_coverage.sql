select business_date, area_code, cameras, expected_hours, observed_hours, coverage
from {{ ref('mart_camera_coverage') }}
where {{ rebuilt('business_date') }}
