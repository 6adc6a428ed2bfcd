select
    file_sha256,
    feed,
    business_date,
    received,
    accepted,
    quarantined,
    duplicate,
    late
from {{ source('bronze', 'landing_accounting') }}
