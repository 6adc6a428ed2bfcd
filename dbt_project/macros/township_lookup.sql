{#
  The township of each point, exactly, without a spatial extension.

  `geography_cells` says of most cells which township they lie in. In the cells that a border touches, a point is inside
  a polygon when its rightward ray crosses an odd number of the edges that `geography_edges` lists for cell and polygon.
  Neighbours share the very same edges, so each point has exactly one township; where an imported map overlaps, the
  lowest code; outside the map NULL. geography/grid.py makes the two tables, geography/lookup.py renders this file for
  Python: it has to stay plain Jinja.
#}

{#- Cells a degree, north and east: 1000 makes them 111 by 95 metres at the district. A change of it rebuilds the grid. -#}
{%- macro township_cells_per_degree() -%}1000{%- endmacro -%}

{#- The cell of a point; NULL for coordinates that are missing or not on the globe (NaN and infinities, too). -#}
{%- macro township_cell(longitude, latitude) -%}
case
    when {{ longitude }} between -180 and 180 and {{ latitude }} between -90 and 90
        then cast(floor({{ latitude }} * {{ township_cells_per_degree() }}) as bigint) * 1000000
            + cast(floor({{ longitude }} * {{ township_cells_per_degree() }}) as bigint)
end
{%- endmacro -%}

{#- Whether the ray from the point to the right crosses `edge`, which runs upwards from (x1, y1) by (dx, dy) to y2.
    Half-open in y, so that a ray through a vertex counts it once. -#}
{%- macro township_ray_crosses(edge, longitude, latitude) -%}
{{ edge }}.y1 <= {{ latitude }}
and {{ latitude }} < {{ edge }}.y2
and {{ edge }}.dx * ({{ latitude }} - {{ edge }}.y1) > ({{ longitude }} - {{ edge }}.x1) * {{ edge }}.dy
{%- endmacro -%}

{#-
  A query: every row of `points` (a relation, a CTE's name or a bracketed query; read once) with all its columns and
  `area_code`, the township's code or NULL. `longitude` and `latitude` are columns or expressions of `points`, WGS-84
  degrees; `as_column` renames the new column; `cells` and `edges` default to the dbt sources.
-#}
{%- macro township_lookup(
    points, longitude='longitude', latitude='latitude', as_column='area_code', cells=none, edges=none
) -%}
{%- set spark = target.type == 'spark' -%}
{%- set cells = cells or source('bronze', 'geography_cells') -%}
{%- set edges = edges or source('bronze', 'geography_edges') -%}
select
    points.*,
    case
        when areas.inside_code is not null then areas.inside_code
        when areas.polygons is not null
            then {% if spark -%}
            array_min(transform(
                filter(
                    areas.polygons,
                    polygon -> size(
                        filter(polygon.edges, edge -> {{ township_ray_crosses('edge', longitude, latitude) }})
                    ) % 2 = 1
                ),
                polygon -> polygon.code
            ))
            {%- else -%}
            list_min(list_transform(
                list_filter(
                    areas.polygons,
                    lambda polygon: len(
                        list_filter(polygon.edges, lambda edge: {{ township_ray_crosses('edge', longitude, latitude) }})
                    ) % 2 = 1
                ),
                lambda polygon: polygon.code
            ))
            {%- endif %}
    end as {{ as_column }}
from {{ points }} as points
left join (
    select
        inside.cell_id as lookup_cell_id,
        inside.area_code as inside_code,
        null as polygons
    from {{ cells }} as inside
    union all
    select
        per_polygon.cell_id as lookup_cell_id,
        null as inside_code,
        array_agg({{ 'struct' if spark else 'struct_pack' }}(
            {%- if spark -%}
            per_polygon.area_code as code, per_polygon.edges as edges
            {%- else -%}
            code := per_polygon.area_code, edges := per_polygon.edges
            {%- endif -%}
        )) as polygons
    from (
        select
            crossing.cell_id,
            crossing.area_code,
            array_agg({{ 'struct' if spark else 'struct_pack' }}(
                {%- if spark -%}
                crossing.x1 as x1, crossing.y1 as y1, crossing.y2 as y2,
                crossing.x2 - crossing.x1 as dx, crossing.y2 - crossing.y1 as dy
                {%- else -%}
                x1 := crossing.x1, y1 := crossing.y1, y2 := crossing.y2,
                dx := crossing.x2 - crossing.x1, dy := crossing.y2 - crossing.y1
                {%- endif -%}
            )) as edges
        from {{ edges }} as crossing
        group by crossing.cell_id, crossing.area_code
    ) as per_polygon
    group by per_polygon.cell_id
) as areas
    on areas.lookup_cell_id = {{ township_cell(longitude, latitude) }}
{%- endmacro %}
