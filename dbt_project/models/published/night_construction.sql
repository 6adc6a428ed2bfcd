select business_date, area_code, incidents, permitted, unpermitted, unknown_site
from {{ ref('mart_night_construction') }}
where {{ rebuilt('business_date') }}
