{{ config(meta={'feeds': ['cases', 'units']}) }}

-- Figures with what they are compared with. A row exists for every date on which anything arrived; where the export of
-- the date did not, or too few of its window, the row says so and holds no figure.
with rules as (
    select rule_version, coverage_floor, effective_from, effective_to
    from {{ ref('stg_kpi_definitions') }}
    where kpi_code = 'case_on_time_rate'
),

parameters as (
    select max(case when parameter = 'tail_minimum_due' then value end) as tail_minimum_due
    from {{ ref('stg_contract_parameters') }}
    where feed = 'cases'
),

counts as (
    select c.*, r.coverage_floor
    from {{ ref('mart_case_counts') }} as c
    inner join rules as r
        on c.business_date >= r.effective_from and (r.effective_to is null or c.business_date <= r.effective_to)
    where {{ compared_or_rebuilt('c.business_date') }}
),

-- Nothing that is not shown is compared with.
figures as (
    select
        c.*,
        c.due_closed / cast(nullif(c.due, 0) as double) as closing_rate,
        c.due_on_time / cast(nullif(c.due, 0) as double) as on_time_rate,
        c.filed_on_time / cast(nullif(c.filed_due, 0) as double) as on_time_rate_filed,
        c.reworked / cast(nullif(c.filed, 0) as double) as rework_rate,
        c.extended / cast(nullif(c.filed, 0) as double) as extension_rate,
        c.handed_back / cast(nullif(c.filed, 0) as double) as hand_back_rate,
        c.suspended / cast(nullif(c.filed, 0) as double) as suspension_rate,
        rank() over (
            partition by c.business_date, c.period, c.dimension
            order by
                case when c.due >= p.tail_minimum_due then c.due_on_time / cast(c.due as double) else 2 end,
                c.overdue desc
        ) as tail_place
    from counts as c
    cross join parameters as p
    where c.coverage_floor is null
        or c.coverage >= c.coverage_floor
),

-- The district's row exists wherever the export arrived: what has no row of its own beside it is a true zero.
arrived as (
    select
        business_date, period, coverage,
        coverage_floor is null or coverage >= coverage_floor as is_shown
    from counts
    where dimension = 'district'
),

days as (
    select distinct business_date
    from {{ ref('stg_changed_dates') }}
    where substring(feed, 1, 1) <> '_'
        and {{ rebuilt('business_date') }}
),

units as (
    select d.business_date, u.unit_code, u.name_zh, u.name_en
    from {{ ref('int_register_days') }} as d
    inner join {{ ref('stg_units') }} as u on d.snapshot_date = u.snapshot_date
    where d.feed = 'units'
        and {{ rebuilt('d.business_date') }}
        and {{ in_effect('u.snapshot_date', 'units') }}
),

named as (
    select
        d.business_date, 'district' as dimension, {{ district() }} as dimension_code,
        '全区' as name_zh, 'Whole district' as name_en
    from days as d
    union all
    select
        d.business_date, 'township' as dimension, t.area_code as dimension_code, t.name_zh, t.name_en
    from days as d
    cross join {{ ref('stg_geography_townships') }} as t
    union all
    select
        d.business_date, 'category' as dimension, c.category_code as dimension_code, c.name_zh, c.name_en
    from days as d
    cross join {{ ref('stg_case_categories') }} as c
    union all
    select
        d.business_date, 'source' as dimension, s.code as dimension_code, s.name_zh, s.name_en
    from days as d
    cross join (
        select 'ai_camera' as code, '智能巡查' as name_zh, 'AI camera' as name_en
        union all
        select 'patrol' as code, '人工巡查' as name_zh, 'Patrol' as name_en
        union all
        select 'hotline' as code, '热线' as name_zh, 'Hotline' as name_en
        union all
        select 'upload' as code, '单位上传' as name_zh, 'Upload by a unit' as name_en
    ) as s
    union all
    select business_date, 'unit' as dimension, unit_code as dimension_code, name_zh, name_en from units
),

periods as (
    select 'day' as period, 1 as period_days
    union all
    select '7d' as period, 7 as period_days
    union all
    select '30d' as period, 30 as period_days
),

-- What no register or list names still counts, under its code.
grid as (
    select n.business_date, p.period, p.period_days, n.dimension, n.dimension_code
    from named as n
    cross join periods as p
    union
    select c.business_date, c.period, c.period_days, c.dimension, c.dimension_code
    from counts as c
    inner join days as d on c.business_date = d.business_date
)

select
    g.business_date,
    g.period,
    g.dimension,
    g.dimension_code,
    coalesce(n.name_zh, g.dimension_code) as name_zh,
    coalesce(n.name_en, n.name_zh, g.dimension_code) as name_en,
    case
        when a.business_date is null then 'no_data'
        when not a.is_shown then 'withheld_low_coverage'
        else 'ok'
    end as status,
    a.coverage,
    case when a.is_shown then coalesce(f.filed, 0) end as filed,
    case when a.is_shown then coalesce(f.due, 0) end as due,
    case when a.is_shown then coalesce(f.closed, 0) end as closed,
    case when a.is_shown then coalesce(f.due_closed, 0) end as due_closed,
    case when a.is_shown then coalesce(f.due_on_time, 0) end as due_on_time,
    case when a.is_shown then coalesce(f.open_cases, 0) end as open_cases,
    case when a.is_shown then coalesce(f.overdue, 0) end as overdue,
    f.closing_rate,
    f.on_time_rate,
    f.on_time_rate_filed,
    f.rework_rate,
    f.extension_rate,
    f.hand_back_rate,
    f.suspension_rate,
    f.median_handling_hours,
    f.p90_handling_hours,
    case when f.due >= p.tail_minimum_due then f.tail_place end as tail_rank,
    case when ab.is_shown then coalesce(b.filed, 0) end as previous_period_filed,
    b.closing_rate as previous_period_closing_rate,
    b.on_time_rate as previous_period_on_time_rate,
    case when ab.is_shown then coalesce(b.overdue, 0) end as previous_period_overdue,
    case when ay.is_shown then coalesce(y.filed, 0) end as previous_year_filed,
    y.closing_rate as previous_year_closing_rate,
    y.on_time_rate as previous_year_on_time_rate,
    case when ay.is_shown then coalesce(y.overdue, 0) end as previous_year_overdue,
    r.rule_version
from grid as g
cross join parameters as p
left join rules as r
    on g.business_date >= r.effective_from and (r.effective_to is null or g.business_date <= r.effective_to)
left join named as n
    on g.business_date = n.business_date
        and g.dimension = n.dimension
        and g.dimension_code = n.dimension_code
left join arrived as a on g.business_date = a.business_date and g.period = a.period
left join figures as f
    on g.business_date = f.business_date
        and g.period = f.period
        and g.dimension = f.dimension
        and g.dimension_code = f.dimension_code
left join arrived as ab
    on {{ add_days('g.business_date', '-g.period_days') }} = ab.business_date and g.period = ab.period
left join figures as b
    on ab.business_date = b.business_date
        and g.period = b.period
        and g.dimension = b.dimension
        and g.dimension_code = b.dimension_code
left join arrived as ay
    on {{ previous_year('g.business_date') }} = ay.business_date and g.period = ay.period
left join figures as y
    on ay.business_date = y.business_date
        and g.period = y.period
        and g.dimension = y.dimension
        and g.dimension_code = y.dimension_code
