-- Violations over the trips that could be judged, by type of finding; `any` is a trip with at least one. Coverage is
-- the share of the trips that ended which could be judged: a rate of the rest is withheld below the rule's floor.
with rules as (
    select
        effective_from,
        coalesce(effective_to, date '9999-12-30') as effective_to,
        max(coverage_floor) as coverage_floor
    from {{ ref('stg_kpi_definitions') }}
    where kpi_code = 'waste_conformance_rate'
    group by effective_from, effective_to
),

ended as (
    select business_date, trip_id, area_code, carrier, verdict
    from {{ ref('mart_waste_trips') }}
    where verdict <> 'open'
        and {{ rebuilt('business_date') }}
),

trips as (
    select business_date, trip_id, verdict, 'district' as dimension, {{ district() }} as dimension_code from ended
    union all
    select business_date, trip_id, verdict, 'township' as dimension, area_code as dimension_code
    from ended
    where area_code <> {{ district() }}
    union all
    select business_date, trip_id, verdict, 'carrier' as dimension, carrier as dimension_code
    from ended
    where carrier is not null
),

counted as (
    select
        business_date,
        dimension,
        dimension_code,
        count(*) as trips_ended,
        count(*) filter (where verdict in ('compliant', 'violation')) as trips
    from trips
    group by business_date, dimension, dimension_code
),

charged as (
    select business_date, trip_id, 'any' as finding
    from ended
    where verdict = 'violation'
    union all
    select business_date, trip_id, finding
    from {{ ref('int_trip_findings') }}
    where confidence <> 'low'
        and {{ rebuilt('business_date') }}
),

broken as (
    select
        t.business_date,
        t.dimension,
        t.dimension_code,
        c.finding,
        count(*) as violations
    from trips as t
    inner join charged as c on t.business_date = c.business_date and t.trip_id = c.trip_id
    group by t.business_date, t.dimension, t.dimension_code, c.finding
),

kinds as (
    {% for finding in [
        'any', 'unpermitted_site', 'unfiled_receiving_site', 'off_route', 'out_of_hours', 'expired_permit',
        'unregistered_truck', 'suspected_dump', 'terminal_dark', 'overspeed', 'uncovered_or_spilling', 'no_permit'
    ] -%}
    select '{{ finding }}' as finding
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

judged as (
    select
        c.business_date,
        c.dimension,
        c.dimension_code,
        k.finding,
        c.trips,
        coalesce(b.violations, 0) as violations,
        c.trips / cast(c.trips_ended as double) as coverage,
        case
            when c.trips < coalesce(r.coverage_floor, 0) * c.trips_ended then 'withheld_low_coverage'
            when c.trips = 0 then 'no_data'
            else 'ok'
        end as status
    from counted as c
    cross join kinds as k
    left join rules as r on c.business_date between r.effective_from and r.effective_to
    left join broken as b
        on c.business_date = b.business_date
            and c.dimension = b.dimension
            and c.dimension_code = b.dimension_code
            and k.finding = b.finding
)

select
    business_date,
    dimension,
    dimension_code,
    finding,
    trips,
    case when status = 'ok' then violations end as violations,
    case when status = 'ok' then violations / cast(trips as double) end as share,
    coverage,
    status
from judged
