{{ config(materialized='table', alias='kpi_definitions') }}

select
    kpi_code, rule_version, name_zh, name_en, domain, unit, better, target, formula_zh, formula_en, owner, legal_basis,
    effective_from, effective_to, variant, numerator_zh, numerator_en, denominator_zh, denominator_en, areas,
    coverage_floor, small_count_threshold, example_zh, example_en, measure
from {{ ref('mart_kpi_definitions') }}
