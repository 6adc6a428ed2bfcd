-- No vehicle, no plate, no terminal: a trip cannot be followed from one date to the next. Nor the volume a truck
-- holds: of many a company one truck alone holds it.
select
    business_date, trip_id, area_code, carrier, permit_id, origin_site_id, destination_site_id, started_hour,
    duration_min, distance_km, verdict, findings, confidence, coverage
from {{ ref('mart_waste_trips') }}
where {{ rebuilt('business_date') }}
