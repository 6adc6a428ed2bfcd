{#-
    Materialization `by_case`: a table kept by case. One transaction deletes the cases of which rows arrived or changed
    and inserts what the model's query gives for them: the cost of a build is that of the cases that moved, not of the
    millions that are closed. pipeline/case_dates.py writes the dates whose rows changed as the feed `_cases_known`.
-#}
{% materialization by_case, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks) }}
    {% if existing is none %}
        {{ create_as(target_relation, compiled_code) }}
    {% else %}
        {% if should_full_refresh() %}
            {{ match_columns(target_relation, get_column_schema_from_query(compiled_code)) }}
        {% endif %}
        {% call statement('main') %}
            delete from {{ target_relation }} where {{ changed_case('case_id') }};
            insert into {{ target_relation }} by name
            select * from (
                {{ compiled_code }}
            ) as rebuilt
        {% endcall %}
    {% endif %}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- The predicate every model by case puts on what it reads: a case of which a row arrived or changed. -#}
{% macro changed_case(column) -%}
    {%- if not reads_the_lake() -%}
        true
    {%- else -%}
        {{ column }} in (
            select k.case_id from {{ ref('stg_cases') }} as k
            where {{ dates_in('k.known_on', rebuilt_dates(['_cases_known'])) }}
        )
    {%- endif -%}
{%- endmacro %}


{#-
    The dates on which rows of the changed cases may have been told: from the first of them that the table already
    knows. Constants, so that the lake skips the files of the years before.
-#}
{% macro told_since(column) -%}
    {%- set known = load_relation(this) if reads_the_lake() else none -%}
    {%- set dates = rebuilt_dates(['_cases_known']) if known is not none else [] -%}
    {%- if not dates -%}
        true
    {%- else -%}
        {%- set query -%}
            select least(coalesce(min(t.first_known_on), date '{{ dates | first }}'), date '{{ dates | first }}')
            from {{ known }} as t
            where {{ changed_case('t.case_id') }}
        {%- endset -%}
        {{ column }} >= date '{{ run_query(query).columns[0].values() | first }}'
    {%- endif -%}
{%- endmacro %}
