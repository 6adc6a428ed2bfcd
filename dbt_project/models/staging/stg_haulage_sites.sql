select
    business_date,
    site_id,
    kind,
    longitude,
    latitude,
    radius_m,
    is_filed
from {{ source('haulage', 'haulage_sites') }}
