{#-
    Great-circle distance in km by the haversine formula; mean earth radius 6371.0088 km (IUGG). NULL where an end is
    unknown. The factor keeps the root of two antipodes at or below 1, where asin ends; least(1.0, x) would not do,
    because least() passes over NULL and makes an unknown distance half the way around the earth.
-#}
{% macro haversine_km(longitude_1, latitude_1, longitude_2, latitude_2) -%}
    (
        2 * 6371.0088 * asin(sqrt((1 - 1e-15) * (
            power(sin(radians({{ latitude_2 }} - {{ latitude_1 }}) / 2), 2)
            + cos(radians({{ latitude_1 }})) * cos(radians({{ latitude_2 }}))
            * power(sin(radians({{ longitude_2 }} - {{ longitude_1 }}) / 2), 2)
        )))
    )
{%- endmacro %}
