{#- A layer is a schema of exactly its name, without the target's prefix that dbt would put before it. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
