{{ config(materialized='view') }}

select area_code, false as is_district
from {{ ref('stg_geography_townships') }}
union all
select {{ district() }} as area_code, true as is_district
