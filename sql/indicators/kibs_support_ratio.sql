/*
name: {en: KIBS jobs per 1000 manufacturing jobs, es: Empleos KIBS por 1.000 empleos manufactureros, eu: KIBS lanpostuak 1.000 manufaktura-lanpostuko}
question: How many service jobs stand behind a thousand jobs of manufacturing?
definition: >-
  1000 * employment in a KIBS variant / employment in manufacturing (C), of one source.
unit: jobs per 1000 manufacturing jobs
row: one place, year and KIBS variant or group
sources_note: core.kibs; manufacturing from core.employment and core.employment_a38.
caveats:
  - A fall in manufacturing raises it; read numerator and denominator.
  - kibs_jkmn holds administrative and support services (N); never compare it with the headline J + K + M (kibs_seed_sections).
reference: Lafuente, Vaillant and Vendrell-Herrero; Investigaciones Regionales 48 (2020)
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select k.variant, k.geo, k.activity, k.period, 1000 * k.value / nullif(m.value, 0) as value, k.status || m.status as status,
  k.provenance || ';' || m.provenance as provenance, k.source || ';' || m.source as sources
from core.kibs k
join (
  select source, geo, period, value * 1000 as value, status, provenance from core.employment where activity = 'C'
  union all
  select source, geo, period, cast(sum(cast(value as decimal(28, 6))) as double), string_agg(distinct status, ''), max(provenance)
  from core.employment_a38 where length(activity) = 2 and activity like 'C%' group by source, geo, period
) m on m.source = k.source and m.geo = k.geo and m.period = k.period
where k.measure = 'employment'
order by variant, geo, activity, period
