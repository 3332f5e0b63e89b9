/*
name: {en: Co-production sessions, es: Sesiones de coproducción, eu: Koprodukzio-saioak}
question: How often have researchers and policymakers met over the benchmarking?
definition: "Sessions held of the co-produced benchmarking study; the target is those held and those planned."
unit: sessions
row: one measure, group of cases and date
sources_note: Registers session and target.
caveats:
  - The first was held in February 2018; the journal dates no other one that was held.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
select m.measure || p.scope as variant, '48020' as geo, 'NACE2:TOTAL' as activity, left(p.as_of, 7) as period,
  case m.measure when 'target' then p.target else p.actual end as value,
  case when m.measure = 'target' or p.actual is not null then 'A' else 'M' end as status,
  p.provenance, p.source as sources
from core.programme_progress p
cross join (values ('held'), ('target')) m(measure)
where p.indicator = 'pm_coproduction_sessions'
order by variant, period
