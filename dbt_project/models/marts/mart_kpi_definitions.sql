{{ config(materialized='view') }}

-- The rulebook writes the incident KPI of one type once, with placeholders; the code list of event types fills it.
select
    kpi_code, rule_version, name_zh, name_en, domain, unit, better, target, formula_zh, formula_en, owner,
    legal_basis, effective_from, effective_to, variant, numerator_zh, numerator_en, denominator_zh, denominator_en,
    areas, coverage_floor, small_count_threshold, example_zh, example_en,
    coalesce(measure, kpi_code) as measure
from {{ ref('stg_kpi_definitions') }}
where kpi_code <> 'incidents_(event_type)'
union all
select
    concat('incidents_', t.event_type) as kpi_code, k.rule_version,
    replace(k.name_zh, '(name)', t.name_zh) as name_zh,
    replace(k.name_en, '(name)', t.name_en) as name_en,
    t.domain, k.unit, k.better, k.target,
    replace(k.formula_zh, '(name)', t.name_zh) as formula_zh,
    replace(k.formula_en, '(name)', t.name_en) as formula_en,
    k.owner, k.legal_basis, k.effective_from, k.effective_to, k.variant,
    replace(k.numerator_zh, '(name)', t.name_zh) as numerator_zh,
    replace(k.numerator_en, '(name)', t.name_en) as numerator_en,
    k.denominator_zh, k.denominator_en, k.areas, k.coverage_floor, k.small_count_threshold,
    replace(k.example_zh, '(name)', t.name_zh) as example_zh,
    replace(k.example_en, '(name)', t.name_en) as example_en,
    concat('incidents_', t.event_type) as measure
from {{ ref('stg_kpi_definitions') }} as k
cross join {{ ref('stg_event_types') }} as t
where k.kpi_code = 'incidents_(event_type)'
