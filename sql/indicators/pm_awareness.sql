/*
name: {en: Firms informed about the building, es: Empresas informadas del edificio, eu: Eraikinaz informatutako enpresak}
question: Do the firms know what the new building will be?
definition: "100 * firms that say they are informed / firms asked, with the exact binomial interval."
unit: percent
row: one date
sources_note: Register feedback.
caveats:
  - The journal asked three firms of the mentoring, none of which was fully informed; that says little of others.
reference: Clopper and Pearson 1934 (Biometrika 26)
estimator: programme.shares
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
select 'participants' as variant, '48020' as geo, 'NACE2:TOTAL' as activity, left(as_of, 7) as period, count(*) filter (informed = 'yes') as k, count(informed) as n,
  max(provenance) as provenance, max(source) as sources
from core.programme_feedback
group by as_of
order by period
