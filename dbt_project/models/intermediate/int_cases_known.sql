{{ config(materialized='by_case') }}

-- The newest row of a case stands. Facts that carry no time of their own (rework, hand-back, extension, suspension) are
-- dated by the first export that told them, so that a past day's figure does not move when they are told later.
with told as (
    select *
    from {{ ref('stg_cases') }}
    where {{ changed_case('case_id') }}
        and {{ told_since('known_on') }}
),

newest as (
    select
        *,
        row_number() over (partition by case_id order by known_on desc) as place
    from told
),

first_told as (
    select
        case_id,
        min(known_on) as first_known_on,
        min(case when reworked_count > 0 then known_on end) as reworked_known_on,
        min(case when handed_back_count > 0 then known_on end) as handed_back_known_on,
        min(case when extended_until is not null then known_on end) as extended_known_on
    from told
    group by case_id
)

select
    n.case_id,
    n.known_on,
    f.first_known_on,
    n.source,
    n.event_id,
    n.category_code,
    n.township_code,
    n.community_code,
    n.longitude,
    n.latitude,
    n.reported_at,
    n.filed_at,
    n.dispatched_at,
    n.unit_code,
    n.deadline_at as given_deadline_at,
    n.handled_at,
    n.verified_at,
    n.closed_at,
    n.reworked_count,
    n.handed_back_count,
    n.extended_until,
    n.suspended_from,
    n.suspended_until,
    n.outcome,
    case when n.reworked_count > 0 then f.reworked_known_on end as reworked_known_on,
    case when n.handed_back_count > 0 then f.handed_back_known_on end as handed_back_known_on,
    case when n.extended_until is not null then f.extended_known_on end as extended_known_on
from newest as n
inner join first_told as f on n.case_id = f.case_id
where n.place = 1
