{{ config(severity='error', meta={'owner': 'district urban operation centre'}) }}

-- One date, one rule. A proposal is dated 9999-12-31 until its owner dates it.
select a.kpi_code, a.rule_version, b.rule_version as other_version
from {{ ref('published_kpi_definitions') }} as a
inner join {{ ref('published_kpi_definitions') }} as b
    on a.kpi_code = b.kpi_code
        and a.rule_version < b.rule_version
where a.effective_from <= coalesce(b.effective_to, date '9999-12-30')
    and b.effective_from <= coalesce(a.effective_to, date '9999-12-30')
