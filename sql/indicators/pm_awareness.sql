/*
name: {en: Firms informed about the building, es: Empresas informadas del edificio, eu: Eraikinaz informatutako enpresak}
question: Do the firms know what the new building will be?
definition: "100 * firms that say they are informed / firms asked, with the exact binomial interval. A firm that was asked in several steps counts once, with its last answer."
unit: percent
row: one date
sources_note: Register feedback.
caveats:
  - The journal asked three firms of the mentoring, none of which was fully informed; that says little of others.
  - With fewer than three firms nothing is published.
reference: Clopper and Pearson 1934 (Biometrika 26)
estimator: programme.shares
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
with answers as (
  select left(as_of, 7) as period, informed, provenance, source,
    row_number() over (partition by left(as_of, 7), firm_id order by informed is null, as_of desc, step desc nulls last) as nth
  from core.programme_feedback
)
select 'participants' as variant, '48020' as geo, 'NACE2:TOTAL' as activity, period, count(*) filter (informed = 'yes') as k, count(informed) as n,
  max(provenance) as provenance, max(source) as sources
from answers
where nth = 1
group by period
order by period
