{#-
    The relations of a schema, by columns and views: dbt's own query of information_schema.tables also has their sizes
    told, for which DuckLake is asked table by table, for each schema again.
-#}
{% macro duckdb__list_relations_without_caching(schema_relation) %}
    {% call statement('list_relations_without_caching', fetch_result=True) -%}
        with views as (
            select v.view_name as name
            from duckdb_views() as v
            where v.database_name = '{{ schema_relation.database }}' and v.schema_name = '{{ schema_relation.schema }}'
        ),
        with_columns as (
            select distinct c.table_name as name
            from duckdb_columns() as c
            where c.database_name = '{{ schema_relation.database }}' and c.schema_name = '{{ schema_relation.schema }}'
        )
        select
            '{{ schema_relation.database }}' as database,
            n.name,
            '{{ schema_relation.schema }}' as schema,
            case when n.name in (select v.name from views as v) then 'view' else 'table' end as type
        from (select name from views union select name from with_columns) as n
    {% endcall %}
    {{ return(load_result('list_relations_without_caching').table) }}
{% endmacro %}
