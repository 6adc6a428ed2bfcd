select business_date, rule, fixes, share
from {{ ref('mart_track_quality') }}
where {{ rebuilt('business_date') }}
