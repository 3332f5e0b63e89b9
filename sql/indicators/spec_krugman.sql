/*
name: {en: Krugman specialisation, es: Índice de Krugman, eu: Krugman indizea}
question: How far is the structure of a place from that of its comparator, and from its own of earlier years?
definition: >-
  Sum over activities of |share in the place - share in the comparator|, 0 (alike) to 2 (nothing in common). Half of it is the part of all jobs that
  would have to change activity. In the variants that end in change the comparator is the place itself in its first year (period first/year).
unit: index from 0 to 2
row: one breakdown, place, comparator and year
sources_note: core.structure_shares.
caveats:
  - Depends on the number of activities; breakdowns are not compared with each other.
  - Where the comparator contains the place the index is smaller than against the rest of it.
  - Six parts see no change inside a part.
reference: Krugman 1991, Geography and Trade
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 2}}
*/
with shares as (
  select breakdown as variant, system, source, geo, classification, activity, period, cast(share as decimal(28, 15)) as share, status, provenance
  from core.structure_shares
),
-- what a share is compared with: the comparators' of every year, the place's own of its first year
compared as (
  select * from shares where system = 'eurostat' and geo in (select geo from catalogue.geography_groups where grp = 'comparator')
  union all
  select * from shares where system = 'eustat' and geo = 'ES21'
),
beginnings as (
  select source, variant, geo, activity, min(period) as period, arg_min(share, period) as share, arg_min(status, period) as status
  from shares where share is not null group by source, variant, geo, activity
),
pairs as (
  select p.variant, p.geo, b.geo as comparator, p.classification, p.period, abs(p.share - b.share) as distance,
    p.status || b.status as status, greatest(p.provenance, b.provenance) as provenance, p.source, b.source as other
  from shares p
  join compared b on b.system = p.system and b.variant = p.variant and b.activity = p.activity and b.period = p.period and b.geo <> p.geo
  union all
  select p.variant || ':change', p.geo, p.geo, p.classification, b.period || '/' || p.period, abs(p.share - b.share), p.status || b.status, p.provenance, p.source, p.source
  from shares p
  join beginnings b on b.source = p.source and b.variant = p.variant and b.geo = p.geo and b.activity = p.activity and b.period < p.period
)
select variant, geo, comparator, classification || ':TOTAL' as activity, period,
  case when count(*) = count(distance) then cast(sum(distance) as double) end as value,
  string_agg(status, '') || case when count(*) = count(distance) then '' else 'M' end as status,
  max(provenance) as provenance, max(source) || ';' || max(other) as sources
from pairs
group by variant, geo, comparator, classification, period
order by variant, geo, comparator, activity, period
