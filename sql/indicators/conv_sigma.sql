/*
name: {en: Sigma convergence, es: Convergencia sigma, eu: Sigma konbergentzia}
question: Do regions grow more alike in the weight of their knowledge services?
definition: >-
  Standard deviation (n - 1) of the logarithms of a share over a fixed set of regions; the variants that end in cv hold the coefficient of variation
  (standard deviation n - 1 over the mean). A fall is convergence.
unit: standard deviation of logarithms, or ratio
row: one share, measure and year
sources_note: ict_emp_share and kibs_emp_share, benchmark regions of NUTS 2024 with the Basque Country and Madrid.
caveats:
  - The set is fixed; a year in which a region has no figure has none.
  - Few regions, chosen for policy and not drawn; it describes them alone.
reference: Barro and Sala-i-Martin 1992 (Journal of Political Economy 100)
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
with members as (
  select g.geo from catalogue.geographies g
  join catalogue.geography_codes c on c.geo = g.geo and c.scheme = 'nuts2024'
  where g.geo in (select geo from catalogue.geography_groups where grp in ('benchmark', 'focus', 'comparator')) and g.level = 'nuts2'
),
shares as (
  select variant, geo, activity, period, value, status, provenance, sources from indicators.ict_emp_share where variant = 'section_j'
  union all
  select variant, geo, activity, period, value, status, provenance, sources from indicators.kibs_emp_share where variant = 'kibs_jkmn'
),
summed as (
  select s.variant, s.activity, s.period, s.sources, count(s.value) as n, count(s.value) = (select count(*) from members) as is_whole,
    stddev_samp(ln(nullif(s.value, 0)) order by s.geo) as sigma, stddev_samp(s.value order by s.geo) / avg(s.value order by s.geo) as cv,
    string_agg(distinct s.status, '') as status, string_agg(distinct s.provenance, ';') as provenance
  from shares s
  join members using (geo)
  group by s.variant, s.activity, s.period, s.sources
)
select variant, 'BENCHMARKS' as geo, activity, period, case when is_whole then sigma end as value, 'standard deviation of logarithms' as unit, n,
  case when is_whole then replace(status, 'M', '') else status || 'M' end as status, provenance, sources
from summed
union all
select variant || ':cv', 'BENCHMARKS', activity, period, case when is_whole then cv end, 'ratio', n, case when is_whole then replace(status, 'M', '') else status || 'M' end, provenance, sources
from summed
order by variant, geo, activity, period
