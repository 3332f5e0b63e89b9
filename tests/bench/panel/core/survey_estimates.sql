/*
name: {en: Servitization of all firms, es: Servitización de todas las empresas, eu: Enpresa guztien zerbitizazioa}
definition: >-
  Mean, turnover-weighted share, share of firms without services, share of front-runners (20 % or more) and Gini of the firms' service shares,
  in the shape of core.survey_estimates; every firm of a year is there, so no figure has an interval.
unit: percent; index from 0 to 1 for the Gini
row: one indicator, domain, category and year
sources_note: raw.firm_panel, a panel of firms (made up by bench_spark.py).
columns:
  indicator: Id of the indicator
  variant: Weighting
  domain: all, branch, size or territory
  category: Code within the domain; all for all firms
  wave: Year
  value: The figure
  lower: None, every firm is there
  upper: None, every firm is there
  n: Firms with both lines
  method: census
  reason: Empty
  status: SDMX observation status
  provenance: synthetic
  source: firm_panel
*/
with firms as (
  select period, firm, branch, size, territory, max(provenance) as provenance,
    max(value) filter (where line = 'net_turnover') as turnover, max(value) filter (where line = 'services_rendered') as services
  from raw.firm_panel
  group by period, firm, branch, size, territory
),
shares as (
  select period, branch, size, territory, provenance, turnover, services, cast(100 * services / turnover as decimal(9, 6)) as share
  from firms where turnover > 0 and services is not null
),
ranked as (
  select period, provenance, share, row_number() over (partition by period order by share) as place from shares
),
domains as (
  select period, coalesce(branch, size, territory, 'all') as category,
    case when branch is not null then 'branch' when size is not null then 'size' when territory is not null then 'territory' else 'all' end as domain,
    count(*) as n, cast(sum(share) as double) / count(*) as mean,
    100 * cast(sum(cast(services as decimal(18, 3))) as double) / cast(sum(cast(turnover as decimal(18, 3))) as double) as weighted,
    100 * sum(case when share = 0 then 1 else 0 end) / count(*) as noughts,
    100 * sum(case when share >= 20 then 1 else 0 end) / count(*) as front,
    max(provenance) as provenance
  from shares
  group by grouping sets ((period), (period, branch), (period, size), (period, territory))
),
inequality as (
  select period, count(*) as n, max(provenance) as provenance,
    2 * cast(sum(cast(place as decimal(12, 0)) * share) as double) / (count(*) * cast(sum(share) as double)) - (count(*) + 1) / count(*) as gini
  from ranked group by period
),
found as (
  select 'svy_mean_share' as indicator, 'unweighted' as variant, domain, category, period, mean as value, n, provenance from domains
  union all
  select 'svy_tw_share', 'turnover_weighted', domain, category, period, weighted, n, provenance from domains
  union all
  select 'svy_zero_share', 'unweighted', domain, category, period, noughts, n, provenance from domains
  union all
  select 'svy_frontrunner_share', 'unweighted', domain, category, period, front, n, provenance from domains
  union all
  select 'svy_gini', 'unweighted', 'all', 'all', period, gini, n, provenance from inequality
)
select indicator, variant, domain, category, period as wave, value, cast(null as double) as lower, cast(null as double) as upper,
  cast(n as double) as n, 'census' as method, '' as reason, 'A' as status, provenance, 'firm_panel' as source
from found
order by source, indicator, variant, domain, category, wave
