/*
name: {en: KIBS apparent labour productivity, es: Productividad aparente de los KIBS, eu: KIBSen itxurazko produktibitatea}
question: How much value added does a person employed in KIBS produce?
definition: Gross value added of the activities of a KIBS variant or group (current prices) / persons employed in them.
unit: thousand euro per person
row: one place, year and KIBS variant or group
sources_note: Regional accounts, Eurostat nama_10r_3gva and nama_10r_3empers.
caveats:
  - Interest margins counted as output of finance (FISIM) distort group finance; read the groups one by one.
  - Current prices without purchasing power; compare levels between countries with care.
  - Only kibs_jkmn (J + K + M_N) can be had at this level, as the accounts merge M with N.
reference: ESA 2010, 11.26
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 5, max_value: 1000}, severity: warning}
*/
with parts as (
  select k.variant, k.grp, v.geo, v.period, v.activity, v.value as gva, e.value as employment,
    v.status || e.status as status, v.provenance || ';' || e.provenance as provenance, v.source || ';' || e.source as sources
  from core.gva v
  join core.employment e using (geo, classification, version, activity, period)
  join catalogue.kibs_definitions k
    on k.classification = v.classification and k.version = v.version and k.activity = v.activity
  where k.variant = 'kibs_jkmn'
),
labelled as (
  select variant as series, * from parts
  union all
  select variant || ':' || grp as series, * from parts
),
expected as (
  select variant as series, count(*) as n from catalogue.kibs_definitions where variant = 'kibs_jkmn' group by variant
  union all
  select variant || ':' || grp, count(*) from catalogue.kibs_definitions where variant = 'kibs_jkmn' group by variant, grp
),
summed as (
  select series, geo, period,
    string_agg(activity, '+' order by activity) as activities,
    sum(cast(gva as decimal(28, 6))) as gva, sum(cast(employment as decimal(28, 6))) as employment,
    count(*) as n, count(gva + employment) as n_published,
    string_agg(status, '' order by activity) as status, string_agg(distinct provenance, ';' order by provenance) as provenance,
    string_agg(distinct sources, ';' order by sources) as sources
  from labelled
  group by series, geo, period
)
select
  s.series as variant,
  s.geo,
  'NACE2:' || s.activities as activity,
  s.period,
  case when s.n_published = x.n then cast(s.gva as double) / nullif(cast(s.employment as double), 0) end as value,
  s.status || case when s.n_published = x.n then '' else 'M' end as status,
  s.provenance,
  s.sources
from summed s
join expected x on x.series = s.series and x.n = s.n
order by variant, geo, activity, period
