select
    cell_id,
    area_code
from {{ source('bronze', 'geography_cells') }}
