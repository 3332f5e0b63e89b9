/*
name: {en: Education agreements, es: Acuerdos educativos, eu: Hezkuntza-hitzarmenak}
question: How many partnerships between firms and education has the programme brought about?
definition: "Signed agreements between a firm and a university or school, once for a pair of parties; beside the target."
unit: agreements
row: one measure, group of cases and date
sources_note: Registers alliance and target.
caveats:
  - Signed, not intended.
  - The journal states the target (6 by March 2020) and no number signed, so that one is missing and not nought.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select m.measure || p.scope as variant, '48020' as geo, 'NACE2:TOTAL' as activity, left(p.as_of, 7) as period,
  case m.measure when 'target' then p.target else p.actual end as value,
  case when m.measure = 'target' or p.actual is not null then 'A' else 'M' end as status,
  p.provenance, p.source as sources
from core.programme_progress p
cross join (values ('signed'), ('target')) m(measure)
where p.indicator = 'pm_education_agreements'
order by variant, period
