select business_date, place_rank, area_code, category_code, longitude, latitude, cases, open_cases
from {{ ref('mart_repeat_places') }}
where {{ rebuilt('business_date') }}
