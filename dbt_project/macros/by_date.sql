{#-
    Materialization `by_date`: a table kept by business date. One transaction deletes every rebuilt date and inserts
    what the model's query gives for them.

    Not dbt's own incremental with delete+insert: that deletes by the keys of the new rows, so a date that has no rows
    any more would keep its old ones; and it copies the new rows into a temporary table first, which ten million
    positions a day cannot afford.

    A new column is added and a vanished one dropped with `--full-refresh`, as a build under new rules has it: nothing
    else changes columns. The table is never dropped: dates whose detail has expired could not be rebuilt. Models that
    hold detail (`meta.detail: true`) also lose the dates that have expired. With `dated_by: month` the table is kept by
    month, in the column `month`: its dates are first days of months.
-#}
{% materialization by_date, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set meta = model.config.meta -%}
    {%- set dated_by = config.get('dated_by', 'business_date') -%}
    {%- set dates = rebuilt_dates(meta.get('feeds')) -%}
    {%- if dated_by == 'month' %}{% set dates = months_of(dates) %}{% endif -%}

    {{ run_hooks(pre_hooks) }}
    {% if existing is not none and existing.is_view %}
        {% do adapter.drop_relation(existing) %}
        {% set existing = none %}
    {% endif %}
    {% if existing is none %}
        {{ create_as(target_relation, compiled_code, filled=dates | length > 0) }}
    {% else %}
        {% if should_full_refresh() %}
            {{ match_columns(target_relation, get_column_schema_from_query(compiled_code)) }}
        {% endif %}
        {% call statement('main') %}
            delete from {{ target_relation }} where {{ dates_in(dated_by, dates) }};
            {% if meta.get('detail') %}
                delete from {{ target_relation }} where business_date in (
                    select f.business_date from {{ target.database }}.main.frozen_dates as f
                    where {{ is_one_of('f.feed', meta.get('feeds')) }}
                );
            {% endif %}
            {% if dates %}
                insert into {{ target_relation }} by name
                select * from (
                    {{ compiled_code }}
                ) as rebuilt
            {% endif %}
        {% endcall %}
    {% endif %}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- A new table of what `query` gives, or of its columns alone. Partitions are set before there are rows. -#}
{% macro create_as(relation, query, filled=true) %}
    {%- set partitions = config.get('partitioned_by') -%}
    {% call statement('main') %}
        create table {{ relation }} as select * from (
            {{ query }}
        ) as rebuilt {% if partitions or not filled %}limit 0{% endif %}
    {% endcall %}
    {% if partitions %}
        {{ partition_by_date(relation) }}
        {% if filled %}
            {% call statement('main') %}
                insert into {{ relation }} by name
                select * from (
                    {{ query }}
                ) as rebuilt
            {% endcall %}
        {% endif %}
    {% endif %}
{% endmacro %}


{% macro match_columns(relation, columns) %}
    {%- set have = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- set want = columns | map(attribute='name') | list -%}
    {% for column in columns if column.name not in have %}
        {% do run_query('alter table ' ~ relation ~ ' add column ' ~ column.name ~ ' ' ~ column.dtype) %}
    {% endfor %}
    {% for name in have if name not in want %}
        {% do run_query('alter table ' ~ relation ~ ' drop column ' ~ name) %}
    {% endfor %}
    {% if have | sort != want | sort %}{% do adapter.commit() %}{% endif %}
{% endmacro %}


{% macro partition_by_date(relation) %}
    {{ return(adapter.dispatch('partition_by_date')(relation)) }}
{% endmacro %}

{% macro duckdb__partition_by_date(relation) %}
    {% call statement('partition') %}
        alter table {{ relation }} set partitioned by ({{ config.get('partitioned_by') }})
    {% endcall %}
{% endmacro %}

{% macro default__partition_by_date(relation) %}
    {{ exceptions.raise_compiler_error('partitioning is not written for ' ~ target.type) }}
{% endmacro %}
