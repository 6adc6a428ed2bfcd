-- Neither the raw row nor its sealed copy: reasons are counted here, rows are looked at through the command line.
select
    feed,
    file_sha256,
    business_date,
    field,
    reason,
    state
from {{ source('bronze', 'quarantine') }}
