-- The one model that a new feed needs: names and types as the marts want them, nothing decided yet.
select
    request_id,
    requested_at,
    closed_at,
    agency,
    descriptor,
    status,
    borough,
    longitude,
    latitude,
    business_date
from {{ source('bronze', 'property_requests') }}
