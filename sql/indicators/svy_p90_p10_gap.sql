/*
name: {en: Gap between the 90th and the 10th percentile, es: Brecha entre los percentiles 90 y 10, eu: 90. eta 10. pertzentilen arteko aldea}
question: How far are front-runners from laggards?
definition: "90th minus 10th percentile of the firms' shares; their ratio is undefined where a tenth of the firms has none."
unit: percentage points
row: one wave, weighting and domain (whole, branch, size, territory)
sources_note: Firm surveys (core.survey_estimates).
caveats:
  - A ratio P90/P10 does not exist here.
  - A sample not drawn by design has no sampling error; its interval is model-based and indicative, and its source says so.
reference: Own definition
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
select
  variant || case domain when 'all' then '' else ':' || domain || '=' || category end as variant,
  case domain when 'territory' then category else 'ES21' end as geo,
  'NACE2:C' as activity,
  wave as period,
  value, lower, upper, n, status, provenance,
  source || coalesce(' (' || nullif(concat_ws(', ', nullif(method, ''), nullif(replace(reason, ';', ','), '')), '') || ')', '') as sources
from core.survey_estimates
where indicator = 'svy_p90_p10_gap'
order by variant, geo, activity, period
