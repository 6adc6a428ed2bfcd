select
    cell_id,
    area_code,
    x1,
    y1,
    x2,
    y2
from {{ source('bronze', 'geography_edges') }}
