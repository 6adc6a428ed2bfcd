select
    calendar_date,
    kind,
    name
from {{ ref('work_calendar_shipped') }}
