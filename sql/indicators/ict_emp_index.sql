/*
name: {en: ICT employment index, es: Índice de empleo TIC, eu: IKT enpleguaren indizea}
question: How fast has ICT employment grown since 2008?
definition: 100 * employment in section J / employment in section J in 2008.
unit: index, 2008 = 100
row: one place and year
sources_note: Regional accounts employment, Eurostat nama_10r_3empers.
caveats:
  - A year on the other side of a series break from 2008 has no index; it is shown as missing with the flag B.
reference: own, ratio to a base year
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
  - name: base_is_100
    meaning: a place whose base year is published but whose index of that year is not 100
    sql: select geo, value from indicators.ict_emp_index where period = '2008' and value <> 100 order by geo
*/
with series as (
  select *, sum(case when contains(status, 'B') then 1 else 0 end)
    over (partition by source, geo order by period rows between unbounded preceding and current row) as segment
  from core.employment
  where classification = 'NACE' and version = '2' and activity = 'J'
)
select
  'section_j' as variant,
  s.geo,
  'NACE2:J' as activity,
  s.period,
  case when s.segment = b.segment then 100 * s.value / nullif(b.value, 0) end as value,
  s.status || b.status || case when s.segment = b.segment then '' else 'BM' end as status,
  s.provenance || ';' || b.provenance as provenance,
  s.source || ';' || b.source as sources
from series s
join series b on b.source = s.source and b.geo = s.geo and b.period = '2008'
order by variant, geo, activity, period
