select
    business_date as snapshot_date,
    site_id,
    kind,
    name,
    township_code,
    polygon,
    filed_on,
    closed_on
from {{ source('bronze', 'waste_sites') }}
