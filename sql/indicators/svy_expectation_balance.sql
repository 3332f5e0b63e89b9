/*
name: {en: Expectation balance, es: Saldo de expectativas, eu: Itxaropen-saldoa}
question: Do more firms expect service revenue to rise than to fall?
definition: "Percent that expect a rise minus percent that expect a fall; in the five-point form mild answers count half."
unit: percentage points
row: one wave, weighting and domain (whole, branch, size, territory)
sources_note: Firm surveys (core.survey_estimates).
caveats:
  - "Not to be derived from the share that expects no rise: that holds those who expect the same and those who expect less."
  - A sample not drawn by design has no sampling error; its interval is model-based and indicative, and its source says so.
reference: European Commission, Joint Harmonised Business and Consumer Surveys user guide
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: -100, max_value: 100}}
*/
select
  variant || case domain when 'all' then '' else ':' || domain || '=' || category end as variant,
  case domain when 'territory' then category else 'ES21' end as geo,
  'NACE2:C' as activity,
  wave as period,
  value, lower, upper, n, status, provenance,
  source || coalesce(' (' || nullif(concat_ws(', ', nullif(method, ''), nullif(replace(reason, ';', ','), '')), '') || ')', '') as sources
from core.survey_estimates
where indicator = 'svy_expectation_balance'
order by variant, geo, activity, period
