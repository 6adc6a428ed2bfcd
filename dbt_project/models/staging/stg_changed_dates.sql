select
    feed,
    business_date
from {{ source('bookkeeping', 'changed_dates') }}
