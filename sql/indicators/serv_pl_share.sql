/*
name: {en: Service revenue in net turnover, es: Ingresos por servicios sobre la cifra de negocios, eu: Zerbitzu-sarrerak negozio-zifraren gainean}
question: How servitized is industry by what firms invoice, and is it moving?
definition: >-
  100 * services rendered / net turnover, from the accounts of industrial establishments. Turnover-weighted by construction.
  Manufacturing is the sum of its branches (A86 05-42, or NACE divisions 10-33), with and without repair and installation (42, or 33).
unit: percent
row: one place, branch or sum of branches, and year
sources_note: Eustat PX_112311_cindus_ind02; for Spain INE table 28384, whose total is industry with energy and water (B-E).
caveats:
  - The line may hold processing for third parties and repair; resale of goods is another line and no service.
  - Bundled services that are not invoiced apart are invisible.
  - Where the account has no line for services the figure is missing, and its sources list the lines that were found.
reference: Crozet and Milet 2014 (CEPII WP 2014-10); Commission Regulation 250/2009, characteristic 18 15 0
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, max_value: 40}, severity: warning}
*/
with branches as (
  select source, geo, activity, period, classification, version,
    max(value) filter (where line = 'net_turnover') as turnover,
    max(value) filter (where line = 'services_rendered') as services,
    string_agg(status, '') filter (where line in ('net_turnover', 'services_rendered')) as status,
    any_value(provenance) as provenance
  from core.industry_accounts
  group by source, geo, activity, period, classification, version
),
making as (
  select classification, version, activity, bool_or(division = '33') as is_repair
  from catalogue.activity_divisions
  where (classification, version, level) in (('Eustat', 'A86', 'a86'), ('NACE', '2', 'division')) and division between '10' and '33'
  group by classification, version, activity
),
sums as (
  select source, geo, period, classification, version, 'manufacturing' as variant, 'NACE2:C' as activity,
    sum(cast(turnover as decimal(28, 3))) as turnover, sum(cast(services as decimal(28, 3))) as services,
    count(turnover) = count(*) and count(services) = count(*) and count(*) = (select count(*) from making m where m.classification = b.classification) as is_whole,
    string_agg(distinct status, '') as status, any_value(provenance) as provenance
  from branches b join making using (classification, version, activity)
  group by source, geo, period, classification, version
  union all
  select source, geo, period, classification, version, 'manufacturing_without_repair', 'NACE2:C',
    sum(cast(turnover as decimal(28, 3))), sum(cast(services as decimal(28, 3))),
    count(turnover) = count(*) and count(services) = count(*)
      and count(*) = (select count(*) from making m where m.classification = b.classification and not m.is_repair),
    string_agg(distinct status, ''), any_value(provenance)
  from branches b join making using (classification, version, activity)
  where not is_repair
  group by source, geo, period, classification, version
  union all
  select source, geo, period, classification, version,
    case when activity in ('TOTAL', 'B-E') then 'industry' else 'branch' end,
    case when activity in ('TOTAL', 'B-E') then 'NACE2:B-E' when classification = 'Eustat' then 'A86:' || activity else 'NACE2:' || activity end,
    turnover, services, turnover is not null and services is not null, status, provenance
  from branches
),
found as (
  select source, bool_or(line = 'services_rendered') as has_services, string_agg(distinct line, ', ' order by line) as lines
  from core.industry_accounts
  group by source
)
select
  s.variant,
  s.geo,
  s.activity,
  s.period,
  case when s.is_whole then 100 * cast(s.services as double) / nullif(cast(s.turnover as double), 0) end as value,
  coalesce(s.status, '') || case when s.is_whole and s.turnover <> 0 then '' else 'M' end as status,
  s.provenance,
  case when f.has_services then s.source else s.source || ' (not published: no line for services among ' || f.lines || ')' end as sources
from sums s
join found f using (source)
-- of Spain's manufacturing there is nothing to say while its divisions are not there at all
where s.is_whole or s.variant in ('industry', 'branch') or s.geo <> 'ES'
order by variant, geo, activity, period
