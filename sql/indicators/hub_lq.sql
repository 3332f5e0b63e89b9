/*
name: {en: Location quotient, es: Cociente de localización, eu: Kokapen-koefizientea}
question: In which knowledge services is a place more specialised than its comparator?
definition: >-
  Share of an activity in the employment of the place / its share in the employment of the comparator. Above 1 is
  over-represented. Interval at 95 % by the delta method on its logarithm; where the comparator contains the place
  the covariance is taken into account.
unit: ratio
row: one place, comparator, activity and year
sources_note: Regional accounts employment, Eurostat nama_10r_3empers.
caveats:
  - The accounts are not a sample; the interval tells how far chance alone could move a place of this size (super-population).
  - The interval knows nothing of the accounts' own estimation error.
  - kibs_jkmn merges M with N.
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
totals as (
  select geo, period, source, value * 1000 as persons, status, provenance
  from core.employment where classification = 'NACE' and version = '2' and activity = 'TOTAL'
)
select
  r.series as variant,
  r.geo,
  b.geo as comparator,
  'NACE2:' || r.activities as activity,
  r.period,
  cast(r.persons as double) as e_ij,
  cast(rt.persons as double) as e_j,
  cast(b.persons as double) as e_i,
  cast(bt.persons as double) as e,
  a.geo is not null as part_whole,
  r.status || rt.status || b.status || bt.status as status,
  r.provenance || ';' || rt.provenance || ';' || b.provenance || ';' || bt.provenance as provenance,
  r.source as sources
from numbers r
join numbers b on b.series = r.series and b.activities = r.activities and b.period = r.period and b.source = r.source
join totals rt on rt.geo = r.geo and rt.period = r.period and rt.source = r.source
join totals bt on bt.geo = b.geo and bt.period = b.period and bt.source = b.source
join catalogue.geography_groups g on g.grp = 'comparator' and g.geo = b.geo
left join catalogue.geography_ancestors a on a.geo = r.geo and a.ancestor = b.geo
where r.geo <> b.geo
order by variant, geo, comparator, activity, period
