/*
name: {en: KIBS of the directory across the change of classification, es: KIBS del directorio a través del cambio de clasificación, eu: Direktorioko KIBSak sailkapen-aldaketan zehar}
question: How do the KIBS of the directory run on when their activities are coded in CNAE-2025?
definition: >-
  Establishments and enterprises of a KIBS variant as one series over CNAE-2009 and CNAE-2025. Closed sets of divisions are carried exactly. Where
  the bridge has no weights the sums that it lists are set against each other (58 to 63; 69 to 75), their past is multiplied by the ratio of the
  first year coded both ways, and the first figure of the new coding is a break (B). While nothing is coded anew a series is as published.
unit: establishments or enterprises, by measure
row: one measure, variant or group, place and year
sources_note: core.establishments, core.enterprises; catalogue.kibs_bridge says which variants cross the bridge and which weights the others lack.
caveats:
  - A variant with a division that only a weight could carry (60, 61, 63, 74, 80, or 70 and 73 apart) and that is no whole aggregate is not here.
  - Without a year coded both ways the past of an aggregate is not scaled and is marked D from the changeover on.
  - Aggregates differ by the classes named in leaks; scaling assumes that these grew like the rest.
reference: Delegated Regulation (EU) 2023/137; Real Decreto 10/2025; INE, correspondence of CNAE-2009 and CNAE-2025
estimator: bridge.linked
columns:
  measure: establishments or enterprises
  variant: KIBS variant, or variant and group with a colon between
  geo: Place (catalogue.geographies)
  unit: Unit of value and as_published
  activity: Classification with its version and the activities that were summed, in the coding in which the figure counts
  period: Year
  value: In unit, on the level of the newest coding; null where a part is missing
  as_published: The sum before scaling
  ratio: New coding over old in the first year coded both ways; null while there is none, 1 for a closed set
  ratio_period: Year of the ratio
  how: closed (exact) or aggregate (the two sums differ by leaks)
  leaks: Classes that enter or leave an aggregate, old and new class
  status: SDMX observation status; B at the changeover, E where scaled, D where not comparable with the new coding
  provenance: official, survey or synthetic
  source: Ids of the source tables, separated by ;
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [measure, variant, geo, period]}}
  - name: closed_sets_are_equal
    meaning: a closed set that is not the same in both codings of a year
    sql: >
      select measure, variant, geo, ratio_period, ratio from core.kibs_linked
      where how = 'closed' and abs(ratio - 1) > 1e-9 order by all
*/
with cells as (
  select 'establishments' as measure, 'establishments' as unit, geo, classification, version, activity, period,
    cast(value as decimal(28, 6)) as value, status, provenance, source
  from core.establishments
  where geo in (select geo from catalogue.geographies)
  union all
  select 'enterprises', 'enterprises', geo, classification, version, activity, period, cast(value as decimal(28, 6)), status, provenance, source
  from core.enterprises
  where geo in (select geo from catalogue.geographies)
),
members as (
  select case grp when '' then variant else variant || ':' || grp end as variant, side, how, leaks, classification, version, activity
  from catalogue.kibs_bridge
  where classification = 'CNAE' and how <> 'refused'
),
expected as (
  select variant, side, count(*) as n from members group by variant, side
)
select
  c.measure,
  m.variant,
  c.geo,
  c.unit,
  m.side,
  m.how,
  m.leaks,
  c.classification || c.version || ':' || string_agg(c.activity, '+' order by c.activity) as activity,
  c.period,
  case when count(c.value) = x.n then cast(sum(c.value) as double) end as value,
  string_agg(c.status, '' order by c.activity) as status,
  max(c.provenance) as provenance,
  c.source as sources
from cells c
join members m using (classification, version, activity)
join expected x on x.variant = m.variant and x.side = m.side
group by c.measure, m.variant, c.geo, c.unit, m.side, m.how, m.leaks, c.classification, c.version, c.period, c.source, x.n
having count(*) = x.n
order by measure, variant, geo, period
