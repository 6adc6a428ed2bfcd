select
    code as event_type,
    domain,
    name_zh,
    name_en
from {{ ref('event_types') }}
