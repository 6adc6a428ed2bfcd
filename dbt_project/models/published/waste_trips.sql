-- No vehicle, no plate, no terminal: a trip cannot be followed from one date to the next.
select
    business_date, trip_id, area_code, carrier, permit_id, origin_site_id, destination_site_id, started_hour,
    duration_min, distance_km, capacity_m3, verdict, findings, confidence, coverage
from {{ ref('mart_waste_trips') }}
where {{ rebuilt('business_date') }}
