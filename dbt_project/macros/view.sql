{#-
    Views in one statement. dbt-duckdb makes a second view, renames both and drops the first: four statements and two
    commits of the lake for each of some forty views, which was a fifth of a small build.
-#}
{% materialization view, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set existing = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks) }}
    {% if existing is not none and not existing.is_view %}
        {% do adapter.drop_relation(existing) %}
    {% endif %}
    {% call statement('main') %}
        create or replace view {{ target_relation }} as ({{ compiled_code }})
    {% endcall %}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
