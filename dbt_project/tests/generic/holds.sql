{#- The condition holds for every row; NULL counts as broken. Of dated models only the rebuilt dates are read. -#}
{% test holds(model, condition, dated=true) %}
select *
from {{ model }}
where {{ rebuilt('business_date') if dated else 'true' }}
    and not coalesce({{ condition }}, false)
{% endtest %}
