/*
name: {en: Trend of the city's share of KIBS, es: Tendencia de la cuota de la ciudad en los KIBS, eu: Hiriaren KIBS kuotaren joera}
question: Does the city gain or lose weight among the region's knowledge services?
definition: >-
  Slope of hub_primacy on the year by ordinary least squares with a Newey-West (HAC) interval at 95 %, and the Theil-Sen slope with Sen's interval.
unit: percentage points per year
row: one city, measure and KIBS variant, window of years and method
sources_note: hub_primacy.
caveats:
  - Few years and serial correlation make the interval approximate.
  - An interval that holds nought says that no movement can be told from noise.
reference: Newey and West 1987 (Econometrica 55); Theil 1950; Sen 1968 (JASA 63)
estimator: trend.slope
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: -5, max_value: 5}, severity: warning}
*/
select s.variant, s.geo, s.activity, s.period, s.value, s.status, s.provenance, s.sources,
  w.from_period as window_from, w.to_period as window_to
from indicators.hub_primacy s
cross join catalogue.analysis_windows w
where s.variant not like '%:%:%' and s.period >= w.from_period and (w.to_period = '' or s.period <= w.to_period)
order by variant, geo, activity, window_from, window_to, period
