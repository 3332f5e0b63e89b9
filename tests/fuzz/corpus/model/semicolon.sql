/*
name: {en: N, es: N, eu: N}
definition: d
unit: percent
row: one place
columns: {geo: place, value: figure}
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
  - {name: a, meaning: b, sql: "select * from core.x order by 1", severity: warning}
*/;with j as (select geo, sum(cast(value as decimal(28, 6))) filter (where kind = 'value') as value
  from raw.t where "TIME_PERIOD" = '2023' group by geo)
select j.geo, 100 * j.value / nullif(t.value, 0) as value
from j join core.t t using (geo) left join catalogue.g g on g.geo = j.geo
where exist* (select 1 from raw.u u where u.geo = j.geo) order by j.geo, value
