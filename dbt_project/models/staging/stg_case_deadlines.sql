select
    category_code,
    clock,
    allowance,
    effective_from,
    effective_to
from {{ ref('case_deadlines') }}
