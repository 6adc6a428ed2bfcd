select
    business_date as snapshot_date,
    unit_code,
    name_zh,
    name_en,
    parent_code,
    township_code,
    kind,
    valid_from,
    valid_to
from {{ source('bronze', 'units') }}
