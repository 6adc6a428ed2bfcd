select business_date, longitude, latitude, area_code, shanghai_hour, dumps, confidence
from {{ ref('mart_suspected_dumps') }}
where {{ rebuilt('business_date') }}
