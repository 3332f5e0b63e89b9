/*
name: {en: Shift-share components, es: Componentes shift-share, eu: Shift-share osagaiak}
question: What part of the change in jobs comes from the comparator's growth, from the mix of activities, and from the place itself?
definition: >-
  Change in jobs of each of six parts between two years as national growth, mix and regional shift (classic), with the regional shift split into competitive
  effect and allocation (Esteban-Marquillas), and re-based every year and added up (dynamic). Variants with rest compare with the comparator less the place.
unit: jobs
row: one breakdown, method, component, place, comparator, activity and pair of years
sources_note: core.structure, windows of catalogue.analysis_windows.
caveats:
  - An accounting identity; the regional part is what the mix does not explain and not a cause.
  - Where the comparator contains the place its own growth is in the national part; see the variants with rest.
  - A break in any part begins the account anew.
reference: Dunn 1960; Esteban-Marquillas 1972; Barff and Knight 1988
estimator: shift_share.components
checks:
  - name: activities_make_the_whole
    meaning: a component whose activities do not add up to its total
    sql: >
      select variant, geo, comparator, period, sum(value) filter (not ends_with(activity, ':TOTAL')) as parts, max(value) filter (ends_with(activity, ':TOTAL')) as whole
      from indicators.shift_share
      group by variant, geo, comparator, period
      having abs(sum(value) filter (not ends_with(activity, ':TOTAL')) - max(value) filter (ends_with(activity, ':TOTAL'))) > 1e-3
      order by 1, 2, 3, 4
*/
with amounts as (
  select * from core.structure where breakdown in ('six_parts', 'six_parts_eustat') and geo in (select geo from catalogue.geographies)
),
-- apart from the join, which else would first pair all places with each other
compared as (
  select * from amounts where system = 'eurostat' and geo in (select geo from catalogue.geography_groups where grp = 'comparator')
  union all
  select * from amounts where system = 'eustat' and geo = 'ES21'
),
pairs as (
  select p.breakdown, p.geo, b.geo as comparator, p.classification || ':' || p.activity as activity, p.period, p.value, b.value as reference,
    exists (select 1 from catalogue.geography_ancestors a where a.geo = p.geo and a.ancestor = b.geo) as part_whole,
    p.status, b.status as reference_status, p.provenance || ';' || b.provenance as provenance, p.source || ';' || b.source as sources
  from amounts p
  join compared b on b.breakdown = p.breakdown and b.system = p.system and b.activity = p.activity and b.period = p.period and b.geo <> p.geo
),
versions as (
  select breakdown as variant, geo, comparator, activity, period, value, reference, status, reference_status, provenance, sources from pairs
  union all
  select breakdown || ':rest', geo, comparator, activity, period, value, cast(cast(reference as decimal(28, 6)) - cast(value as decimal(28, 6)) as double),
    status, reference_status, provenance, sources
  from pairs where part_whole
)
select v.variant, v.geo, v.comparator, v.activity, v.period, v.value, v.reference, v.status, v.reference_status, v.provenance, v.sources,
  w.from_period as window_from, w.to_period as window_to
from versions v
cross join catalogue.analysis_windows w
where v.period >= w.from_period and (w.to_period = '' or v.period <= w.to_period)
order by variant, geo, comparator, activity, window_from, window_to, period
