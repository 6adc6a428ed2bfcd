select
    feed,
    parameter,
    cast(value as double) as value
from {{ ref('contract_parameters') }}
