select
    effective_from,
    effective_to,
    starts_1_s,
    ends_1_s,
    coalesce(starts_2_s, ends_1_s) as starts_2_s,
    coalesce(ends_2_s, ends_1_s) as ends_2_s
from {{ ref('working_hours') }}
