select
    area_code,
    name_zh,
    name_en,
    area_km2,
    label_longitude,
    label_latitude,
    is_approximate,
    source,
    geometry_geojson
from {{ source('bronze', 'geography_townships') }}
