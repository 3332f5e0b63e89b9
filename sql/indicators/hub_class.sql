/*
name: {en: Hub class, es: Clase de hub, eu: Hub mota}
question: Is the city a hub of knowledge-intensive services, and for whom?
definition: >-
  0 local, 1 regional, 2 national, 3 international, by a rule whose thresholds are data (catalogue.hub_thresholds). Regional is a city whose
  location quotient in its region has a lower bound above 1 and is at least 1.25; national if besides the region's quotient in Spain has a lower bound
  above 1 and a quarter of the output is sold outside the region; international if besides the region's quotient in EU27_2020 has a lower bound
  above 1 and 15 % of the output is sold abroad. The reason stands among the sources. The other variants lower and raise one threshold by 20 %.
unit: class from 0 to 3
row: one city, year, and the rule or one of its variations
sources_note: hub_lq, hub_extraregional_share, hub_export_share.
caveats:
  - No threshold is a standard; read the sensitivity before the class.
  - The region's quotients are those of kibs_jkmn, as regional accounts merge M with N; the city's are those of the headline. The class is therefore marked D.
  - A class is undetermined (no value, M) where a missing input could change it.
reference: Own rule (domain notes of the observatory, 4.3); precedent European Cluster Observatory
estimator: hub.class_rows
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 3}}
*/
with city as (
  select geo, activity, period, value, lower, status, provenance, sources
  from indicators.hub_lq where variant = 'kibs_seed_sections' and comparator = 'ES21'
),
region as (
  select comparator, period, lower, status, provenance, sources
  from indicators.hub_lq where variant = 'kibs_jkmn' and geo = 'ES21' and comparator in ('ES', 'EU27_2020')
),
outside as (
  select period, value, status, provenance, sources from indicators.hub_extraregional_share where variant = 'kibs_seed_sections' and geo = 'ES21'
),
abroad as (
  select period, value, status, provenance, sources from indicators.hub_export_share where variant = 'kibs_seed_sections' and geo = 'ES21'
),
limits as (
  select
    max(value) filter (where threshold = 'primacy_lower') as primacy_lower, max(value) filter (where threshold = 'primacy') as primacy,
    max(value) filter (where threshold = 'national_lower') as national_lower, max(value) filter (where threshold = 'national_sales') as national_sales,
    max(value) filter (where threshold = 'international_lower') as international_lower,
    max(value) filter (where threshold = 'international_sales') as international_sales
  from catalogue.hub_thresholds
)
select
  'kibs_seed_sections' as variant, c.geo, c.activity, c.period,
  c.lower as a, c.value as b, s.lower as c, o.value as d, e.lower as e, x.value as f,
  l.primacy_lower, l.primacy, l.national_lower, l.national_sales, l.international_lower, l.international_sales,
  c.status || coalesce(s.status, '') || coalesce(o.status, '') || coalesce(e.status, '') || coalesce(x.status, '') || 'D' as status,
  concat_ws(';', c.provenance, s.provenance, o.provenance, e.provenance, x.provenance) as provenance,
  concat_ws(';', c.sources, s.sources, o.sources, e.sources, x.sources) as sources
from city c
cross join limits l
left join region s on s.comparator = 'ES' and s.period = c.period
left join region e on e.comparator = 'EU27_2020' and e.period = c.period
left join outside o on o.period = c.period
left join abroad x on x.period = c.period
order by variant, geo, activity, period
