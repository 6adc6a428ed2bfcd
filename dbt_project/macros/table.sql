{#-
    Tables in one commit of the lake. dbt-duckdb makes a second table, renames both and drops the first: three commits,
    after each of which the lake reads its whole catalog anew. While the rules stay as they are, so does the table, and
    its rows alone are replaced.
-#}
{% materialization table, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks) }}
    {% if existing is not none and existing.is_view %}
        {% do adapter.drop_relation(existing) %}
        {% set existing = none %}
    {% endif %}
    {% call statement('main') %}
        {% if existing is none or should_full_refresh() %}
            create or replace table {{ target_relation }} as ({{ compiled_code }})
        {% else %}
            delete from {{ target_relation }};
            insert into {{ target_relation }} by name
            {{ compiled_code }}
        {% endif %}
    {% endcall %}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
