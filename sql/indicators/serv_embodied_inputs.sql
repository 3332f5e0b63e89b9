/*
name: {en: Services in a euro of manufactures, es: Servicios en un euro de manufacturas, eu: Zerbitzuak manufaktura-euro batean}
question: How much service value added stands in a euro of manufactured final demand, directly and indirectly?
definition: >-
  100 * s' L e_j with s the value added coefficients of service products, L = (I - A)^-1 and A the coefficients of the domestic
  (regional) matrix of the symmetric table, for every manufactured product j.
unit: percent
row: one manufactured product and year
sources_note: Eustat symmetric tables (core.symmetric), regional origin.
caveats:
  - Imported inputs and the services in them are not counted.
  - Symmetric tables exist for some years only, and their bases are not joined.
reference: Miller and Blair 2009, chapters 2 and 5
estimator: input_output.embodied_services
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
with divisions as (
  select activity, min(division) as first, max(division) as last
  from catalogue.activity_divisions where classification = 'Eustat' and version = 'A86' and level = 'a86' group by activity
)
select
  'regional_inputs' as variant, s.geo, s.period, s.source, s.provenance, s.status,
  case when r.activity is null then s.row else 'A86:' || s.row end as row,
  case when c.activity is null then s.col else 'A86:' || s.col end as col,
  s.value, s.kind,
  coalesce(r.first >= '45', false) as is_service,
  coalesce(c.first >= '10' and c.last <= '33', false) as is_manufacturing
from core.symmetric s
left join divisions r on r.activity = s.row
left join divisions c on c.activity = s.col
where s.kind in ('value_added', 'output') or s.kind in ('intermediate', 'final') and s.origin = 'region'
order by variant, geo, period, row, col, kind
