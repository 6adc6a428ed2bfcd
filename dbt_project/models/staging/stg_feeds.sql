select
    feed,
    version,
    owner,
    description,
    schedule,
    mode,
    retention_days,
    has_personal_data
from {{ source('bookkeeping', 'feeds') }}
