select
    business_date as entered_on,
    calendar_date,
    kind,
    name
from {{ source('bronze', 'work_calendar') }}
