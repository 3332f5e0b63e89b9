/*
name: {en: Location quotient, es: Cociente de localización, eu: Kokapen-koefizientea}
question: In which knowledge services is a place more specialised than its comparator?
definition: >-
  Share of an activity in the employment of the place / its share in the employment of the comparator. Above 1 is
  over-represented. Interval at 95 % by the delta method on its logarithm; where the comparator contains the place
  the covariance is taken into account.
unit: ratio
row: one place, comparator, activity and year
sources_note: Regional accounts employment, Eurostat nama_10r_3empers; Eustat's employment of the capitals and its directory.
caveats:
  - The accounts are not a sample; the interval tells how far chance alone could move a place of this size (super-population).
  - The interval knows nothing of the accounts' own estimation error.
  - kibs_jkmn merges M with N.
  - The variant establishments counts establishments and not persons (D); own-account professionals weigh as much as a head office.
reference: Beyene and Moineddin 2005 (BMC Medical Research Methodology 5:32)
estimator: intervals.location_quotient
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0.02, max_value: 10}, severity: warning}
*/
with members as (
  select variant as series, activity, count(*) over (partition by variant) as n
  from catalogue.kibs_definitions
  where classification = 'NACE' and version = '2' and variant = 'kibs_jkmn'
  union all
  select 'single', activity, 1 from (
    select distinct activity from core.employment
    where classification = 'NACE' and version = '2' and activity in ('C', 'J', 'K', 'M_N')
  ) singles
),
numbers as (
  select m.series,
    case when m.series = 'single' then 'NACE2:' || e.activity else '' end as single_activity,
    e.geo, e.period, e.source,
    string_agg(e.activity, '+' order by e.activity) as activities,
    case when count(e.value) = max(m.n) then sum(cast(e.value as decimal(28, 6))) * 1000 end as persons,
    string_agg(e.status, '' order by e.activity) as status,
    string_agg(distinct e.provenance, ';' order by e.provenance) as provenance
  from core.employment e
  join members m on m.activity = e.activity
  where e.classification = 'NACE' and e.version = '2'
  group by m.series, single_activity, e.geo, e.period, e.source
),
measured as (
  select n.series, n.activities, n.geo, n.period, n.source,
    cast(n.persons as double) as persons, cast(t.value as double) * 1000 as total,
    n.status || t.status as status, n.provenance || ';' || t.provenance as provenance
  from numbers n
  join core.employment t on t.geo = n.geo and t.period = n.period and t.source = n.source
    and t.classification = 'NACE' and t.version = '2' and t.activity = 'TOTAL'
)
select
  r.series as variant,
  r.geo,
  b.geo as comparator,
  'NACE2:' || r.activities as activity,
  r.period,
  r.persons as e_ij,
  r.total as e_j,
  b.persons as e_i,
  b.total as e,
  exists (select 1 from catalogue.geography_ancestors a where a.geo = r.geo and a.ancestor = b.geo) as part_whole,
  r.status || b.status as status,
  r.provenance || ';' || b.provenance as provenance,
  r.source as sources
from measured r
join measured b on b.series = r.series and b.activities = r.activities and b.period = r.period and b.source = r.source
where r.geo <> b.geo and b.geo in (select geo from catalogue.geography_groups where grp = 'comparator')
union all
-- a city in its region, by the KIBS variants that A38 makes up
select
  c.variant, c.geo, r.geo, c.activity, c.period, c.value, c.total, r.value, r.total, true,
  c.status || r.status, c.provenance || ';' || r.provenance, c.source || ';' || r.source
from core.kibs c
join catalogue.geographies g on g.geo = c.geo and g.kind = 'municipality'
join core.kibs r on r.geo = 'ES21' and r.measure = 'employment' and r.system = c.system and r.variant = c.variant and r.period = c.period
where c.measure = 'employment' and c.system = 'eustat'
union all
-- a city in its region by division: establishments, as no table has its persons by division
select
  'establishments', c.geo, 'ES21', 'NACE2:' || c.activity, c.period, c.value, ct.value, r.value, rt.value, true,
  c.status || ct.status || r.status || rt.status || 'D', c.provenance || ';' || r.provenance, c.source || ';' || r.source
from core.establishments c
join catalogue.geographies g on g.geo = c.geo and g.kind = 'municipality'
join core.establishments ct on ct.source = c.source and ct.geo = c.geo and ct.period = c.period and ct.version = c.version and ct.activity = 'TOTAL'
join core.establishments r on r.source = 'eustat_establishments_district_cnae' and r.geo = 'ES21' and r.period = c.period and r.version = c.version and r.activity = c.activity
join core.establishments rt on rt.source = r.source and rt.geo = r.geo and rt.period = r.period and rt.version = r.version and rt.activity = 'TOTAL'
where c.source = 'eustat_establishments_municipality_cnae' and c.version = '2009' and c.activity <> 'TOTAL'
order by variant, geo, comparator, activity, period
