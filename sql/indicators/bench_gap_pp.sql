/*
name: {en: Distance to the benchmark regions, es: Distancia a las regiones de referencia, eu: Erreferentziako eskualdeekiko aldea}
question: Is a region above or below the benchmark regions, taken together and taken by their middle one?
definition: >-
  Share of KIBS (or of section J) in the region less the share in the fixed set of benchmark regions: against BENCHMARKS, their sum (the weighted mean, in
  which large regions count more), and against BENCHMARKS_MEDIAN, the median of their shares.
unit: percentage points
row: one share, region, comparator and year
sources_note: core.kibs and core.employment, Eurostat's regional accounts.
caveats:
  - The set is that of the regions in the group benchmark with a code in NUTS 2024; a year in which one of them has no figure has no comparator.
  - Manchester has no code in NUTS 2024 and is not in the set.
  - A benchmark region is itself part of both comparators.
reference: Own definition
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: -100, max_value: 100}}
*/
with measured as (
  select variant || ':' || measure as variant, geo, activity, period, cast(value as decimal(28, 6)) as value, cast(total as decimal(28, 6)) as total, status, provenance, source
  from core.kibs where system = 'eurostat' and variant not like '%:%'
  union all
  select 'section_j:employment', j.geo, 'NACE2:J', j.period, cast(j.value as decimal(28, 6)), cast(t.value as decimal(28, 6)), j.status || t.status, greatest(j.provenance, t.provenance), j.source
  from core.employment j
  join core.employment t on t.source = j.source and t.geo = j.geo and t.period = j.period and t.classification = j.classification and t.version = j.version and t.activity = 'TOTAL'
  where j.classification = 'NACE' and j.version = '2' and j.activity = 'J'
),
members as (
  select g.geo from catalogue.geography_groups g
  join catalogue.geography_codes c on c.geo = g.geo and c.scheme = 'nuts2024'
  where g.grp = 'benchmark'
),
set_of as (
  select m.variant, m.activity, m.period, m.source, count(*) = count(m.value) and count(*) = (select count(*) from members) as is_whole,
    100 * cast(sum(m.value) as double) / nullif(cast(sum(m.total) as double), 0) as mean,
    100 * median(cast(m.value as double) / nullif(cast(m.total as double), 0)) as middle,
    count(m.value) as n, string_agg(distinct m.status, '') as status, max(m.provenance) as provenance
  from measured m
  join members using (geo)
  group by m.variant, m.activity, m.period, m.source
),
comparators as (
  select variant, activity, period, source, 'BENCHMARKS' as comparator, case when is_whole then mean end as share, n, status, provenance from set_of
  union all
  select variant, activity, period, source, 'BENCHMARKS_MEDIAN', case when is_whole then middle end, n, status, provenance from set_of
)
select m.variant, m.geo, c.comparator, m.activity, m.period, 100 * cast(m.value as double) / nullif(cast(m.total as double), 0) - c.share as value, c.n,
  m.status || c.status || case when m.value / nullif(m.total, 0) is null or c.share is null then 'M' else '' end as status,
  m.provenance || ';' || c.provenance as provenance, m.source as sources
from measured m
join catalogue.geographies g on g.geo = m.geo and g.level in ('nuts2', 'nuts1')
join comparators c using (variant, activity, period, source)
order by variant, geo, comparator, activity, period
