select
    file_sha256,
    feed,
    file_date,
    received_at,
    status,
    reason
from {{ source('bronze', 'landing_files') }}
