/*
name: {en: KIBS birth rate, es: Tasa de altas KIBS, eu: KIBSen alta-tasa}
question: How fast do knowledge-intensive services renew themselves?
definition: >-
  100 * establishments born during the year / establishments on 1 January of it, sections J, K and M together (kibs_seed_sections), each by itself, and all
  activities beside them.
unit: percent
row: one place, year and set of sections
sources_note: Eustat directory and its demography (core.directory).
caveats:
  - Moves and reopenings count as births.
  - Sections only, so no other KIBS variant can be had.
  - Of births alone; a place where as many close has not grown.
reference: Eurostat and OECD 2007, Manual on Business Demography Statistics
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
with sets(variant, activity, n) as (
  values
    ('kibs_seed_sections', 'J', 3), ('kibs_seed_sections', 'K', 3), ('kibs_seed_sections', 'M', 3),
    ('section_j', 'J', 1), ('section_k', 'K', 1), ('section_m', 'M', 1), ('all_activities', 'TOTAL', 1)
),
summed as (
  select s.variant, d.measure, d.geo, d.period, 'NACE2:' || string_agg(d.activity, '+' order by d.activity) as activity,
    case when count(d.value) = max(s.n) then sum(cast(d.value as decimal(28, 6))) end as value,
    string_agg(d.status, '' order by d.activity) as status, max(d.provenance) as provenance, max(d.source) as source
  from core.directory d
  join sets s using (activity)
  where d.size = 'TOTAL' and d.geo in (select geo from catalogue.geographies)
  group by s.variant, d.measure, d.geo, d.period
)
select b.variant, b.geo, b.activity, b.period, 100 * cast(b.value as double) / nullif(cast(k.value as double), 0) as value,
  b.status || k.status || case when b.value / nullif(k.value, 0) is null then 'M' else '' end as status,
  b.provenance || ';' || k.provenance as provenance, b.source || ';' || k.source as sources
from summed b
join summed k on k.measure = 'stock' and k.variant = b.variant and k.geo = b.geo and k.period = b.period
where b.measure = 'births'
order by variant, geo, activity, period
