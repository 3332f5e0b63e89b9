/*
name: {en: Trend slope of the ICT share, es: Pendiente de tendencia de la cuota TIC, eu: IKT kuotaren joeraren malda}
question: How many percentage points a year does the weight of ICT services gain, all years considered?
definition: >-
  Slope of the share on the year by ordinary least squares with a Newey-West (HAC) interval at 95 %, and beside it the
  Theil-Sen slope with Sen's interval. A series break ends a segment and the last segment counts; years of low
  reliability stay out.
unit: percentage points per year
row: one place, window of years and method
sources_note: ict_emp_share.
caveats:
  - Few years and serial correlation make the interval approximate.
reference: Newey and West 1987 (Econometrica 55); Theil 1950; Sen 1968 (JASA 63)
estimator: trend.slope
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: -5, max_value: 5}, severity: warning}
*/
select
  s.variant,
  s.geo,
  s.activity,
  s.period,
  s.value,
  s.status,
  s.provenance,
  s.sources,
  w.from_period as window_from,
  w.to_period as window_to
from indicators.ict_emp_share s
cross join catalogue.analysis_windows w
where s.period >= w.from_period and (w.to_period = '' or s.period <= w.to_period)
order by variant, geo, activity, window_from, window_to, period
