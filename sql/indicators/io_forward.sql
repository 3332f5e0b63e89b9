/*
name: {en: Forward linkage, es: Encadenamiento hacia adelante, eu: Aurreranzko lotura}
question: On which products does the rest of the regional economy lean?
definition: >-
  Row mean of the Ghosh inverse over the mean of all its cells (ghosh, the preferred one), n sum_j g_ij / sum_ij g_ij; rasmussen_row is the row mean of the
  Leontief inverse over the mean of all its cells; direct is the row sum of the domestic output coefficients over its mean.
unit: ratio
row: one product, version and year
sources_note: Eustat symmetric tables (core.symmetric), regional origin.
caveats:
  - The versions differ a lot and answer different questions; rasmussen_row weighs a euro of demand for every product alike.
  - What R's leontief package calls forward_linkage is the row sum of the input coefficients and none of these.
  - Bases of the table are not joined.
reference: Jones 1976; Beyers 1976; Rasmussen 1957; Miller and Blair 2009, chapter 12
estimator: linkages.forward
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select 'regional_inputs' as variant, geo, period,
  case kind when 'output' then row else 'A86:' || row end as row, 'A86:' || col as col, kind, value, status, provenance, source as sources
from core.symmetric
where kind = 'output' or kind = 'intermediate' and origin = 'region'
order by variant, geo, period, row, col, kind
