{{ config(severity='warn', meta={'owner': 'video platform group'}) }}

-- More than one detection in twenty from cameras the register does not know: coverage then says little.
select e.business_date, count(*) as detections, count(*) filter (where c.camera_id is null) as from_unknown_cameras
from {{ ref('int_detections_located') }} as e
left join {{ ref('int_camera_days') }} as c
    on e.business_date = c.business_date
        and e.camera_id = c.camera_id
        and {{ rebuilt('c.business_date') }}
where {{ rebuilt('e.business_date') }}
group by e.business_date
having count(*) filter (where c.camera_id is null) > 0.05 * count(*)
