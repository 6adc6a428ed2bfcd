{#- Text aggregates that DuckDB and Spark spell differently. -#}

{#- The values of a group, sorted and joined by commas; NULL values are left out, and of none the answer is NULL. -#}
{% macro joined_sorted(value) -%}
    {{ return(adapter.dispatch('joined_sorted')(value)) }}
{%- endmacro %}

{% macro duckdb__joined_sorted(value) -%}
    string_agg({{ value }}, ',' order by {{ value }})
{%- endmacro %}

{% macro spark__joined_sorted(value) -%}
    nullif(array_join(array_sort(collect_list({{ value }})), ','), '')
{%- endmacro %}
