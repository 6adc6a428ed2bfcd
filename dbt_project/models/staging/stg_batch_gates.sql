select
    feed,
    file_sha256,
    business_date,
    expectation,
    consequence,
    success as is_success,
    observed,
    checked_at
from {{ source('bronze', 'batch_gates') }}
