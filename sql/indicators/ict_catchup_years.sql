/*
name: {en: Years to catch up in the ICT share, es: Años hasta converger en la cuota TIC, eu: IKT kuotan parekatu arteko urteak}
question: At the present pace, when would a place reach its comparator, if ever?
definition: >-
  Gap in the last year divided by the difference of the two slopes. Headline (linear_moving): the comparator keeps
  moving at its own slope; scenarios: comparator frozen, and geometric growth. The interval carries the rounding of the
  published figures and the standard error of both slopes; it has no upper bound where the difference of slopes may be
  nought. A place that moves away from its comparator has no number of years: the variant says diverging.
unit: years
row: one place, comparator, window of years and method
sources_note: ict_emp_share.
caveats:
  - An extrapolation, not a forecast.
  - Read the interval before the figure; with few years it is wide.
reference: own, on Fieller's interval for a ratio (Fieller 1954, JRSS B 16)
estimator: convergence.catchup_years
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select
  r.variant,
  r.geo,
  b.geo as comparator,
  r.activity,
  r.period,
  r.value,
  b.value as comparator_value,
  r.status,
  b.status as comparator_status,
  r.provenance || ';' || b.provenance as provenance,
  r.sources || ';' || b.sources as sources,
  w.from_period as window_from,
  w.to_period as window_to,
  -- the coarsest accounts are published in hundreds of persons: half a unit of the last decimal, as a share
  100 * 0.05 / rt.value as rounding_half_width,
  100 * 0.05 / bt.value as comparator_rounding_half_width
from indicators.ict_emp_share r
join core.employment rt on rt.source = r.sources and rt.geo = r.geo and rt.period = r.period
  and rt.classification = 'NACE' and rt.version = '2' and rt.activity = 'TOTAL'
join indicators.ict_emp_share b on b.variant = r.variant and b.activity = r.activity and b.period = r.period
join core.employment bt on bt.source = b.sources and bt.geo = b.geo and bt.period = b.period
  and bt.classification = 'NACE' and bt.version = '2' and bt.activity = 'TOTAL'
join catalogue.geography_groups g on g.grp = 'comparator' and g.geo = b.geo
cross join catalogue.analysis_windows w
where r.geo <> b.geo and r.period >= w.from_period and (w.to_period = '' or r.period <= w.to_period)
order by variant, geo, comparator, activity, window_from, window_to, period
