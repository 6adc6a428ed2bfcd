select
    business_date,
    rule,
    fixes
from {{ source('haulage', 'haulage_fix_notes') }}
