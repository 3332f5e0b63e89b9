/*
name: {en: Backward linkage (power of dispersion), es: Encadenamiento hacia atrás, eu: Atzeranzko lotura}
question: Which products pull the rest of the regional economy along?
definition: >-
  Column mean of the domestic Leontief inverse over the mean of all its cells (rasmussen), n sum_i l_ij / sum_ij l_ij; direct is the column sum of the
  domestic input coefficients over its mean.
unit: ratio
row: one product, version and year
sources_note: Eustat symmetric tables (core.symmetric), regional origin.
caveats:
  - Domestic inverse; what is imported pulls elsewhere.
  - Bases of the table are not joined.
reference: Rasmussen 1957; Miller and Blair 2009, chapter 12
estimator: linkages.backward
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select 'regional_inputs' as variant, geo, period,
  case kind when 'output' then row else 'A86:' || row end as row, 'A86:' || col as col, kind, value, status, provenance, source as sources
from core.symmetric
where kind = 'output' or kind = 'intermediate' and origin = 'region'
order by variant, geo, period, row, col, kind
