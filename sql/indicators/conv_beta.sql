/*
name: {en: Beta convergence, es: Convergencia beta, eu: Beta konbergentzia}
question: Do regions with few knowledge services gain on those with many, and how fast?
definition: >-
  Slope b of mean annual growth of a share's logarithm on its initial logarithm over a fixed set of regions, (1/T) ln(s_T / s_0) = a + b ln s_0, with its
  standard error as interval of 95 % (Student's t with n - 2); the variants that end in speed hold -ln(1 + b T) / T a year, those that end in half_life ln 2 / speed in years.
unit: per year, or years
row: one share, measure and pair of years
sources_note: ict_emp_share and kibs_emp_share, benchmark regions of NUTS 2024 with the Basque Country and Madrid.
caveats:
  - With so few regions it describes them and proves nothing about others.
  - A regression towards the mean looks like convergence; read with conv_sigma.
reference: Barro and Sala-i-Martin 1992 (Journal of Political Economy 100)
estimator: convergence.beta_rows
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: n, min_value: 3}}
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
whole as (
  select s.variant, s.period from shares s join members using (geo) group by s.variant, s.period having count(s.value) = (select count(*) from members)
),
windows as (
  select v.variant, w.window, min(v.period) as from_period, max(v.period) as to_period
  from whole v
  join catalogue.analysis_windows w on v.period >= w.from_period and (w.to_period = '' or v.period <= w.to_period)
  group by v.variant, w.window
)
select s.variant, 'BENCHMARKS' as geo, s.geo as region, s.activity, s.period, l.period as last_period, s.value as first_value, l.value as last_value,
  s.status || l.status as status, s.provenance || ';' || l.provenance as provenance, s.sources || ';' || l.sources as sources
from shares s
join members using (geo)
join windows w on w.variant = s.variant and w.from_period = s.period
join shares l on l.variant = s.variant and l.geo = s.geo and l.period = w.to_period
order by variant, geo, activity, period, last_period, region
