/*
name: {en: Firms without service revenue, es: Empresas sin ingresos por servicios, eu: Zerbitzu-sarrerarik gabeko enpresak}
question: How many firms have no service revenue at all?
definition: "100 * firms with a share of nought / firms with an answer."
unit: percent
row: one wave, weighting and domain (whole, branch, size, territory)
sources_note: Firm surveys (core.survey_estimates).
caveats:
  - A firm that gives services away in the price counts as one without.
  - A sample not drawn by design has no sampling error; its interval is model-based and indicative, and its source says so.
reference: Wilson 1927 (JASA 22)
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
where indicator = 'svy_zero_share'
order by variant, geo, activity, period
