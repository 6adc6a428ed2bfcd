{{ config(materialized='table') }}

select area_code, name_zh, name_en, area_km2, label_longitude, label_latitude, is_approximate, geometry_geojson
from {{ ref('mart_townships') }}
