/*
name: {en: Last told of each case, es: Último dato de cada caso, eu: Kasu bakoitzaren azken datua}
question: Which rows of a register speak of a case at a date?
definition: For each case and date of its register, the last date up to it on which the registers of alliances, KPIs, risks and stakeholders told of the case.
unit: dates
row: one register, case and date
sources_note: Registers case, alliance, kpi, risk and stakeholder.
caveats:
  - A case that a register has not told of yet has no row.
reference: Domain notes of the observatory on programme monitoring
columns:
  register: alliance, kpi, risk or stakeholder
  case_id: Case, a pseudonym
  as_of: Date of the row in the register of cases
  told_on: Date of the rows in the other register that count then
  status: SDMX observation status
  provenance: programme or synthetic
  source: Ids of both registers
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [register, case_id, as_of]}}
*/
with told as (
  select 'alliance' as register, case_id, as_of, provenance from core.programme_alliance
  union all
  select 'kpi', case_id, as_of, provenance from core.programme_kpi
  union all
  select 'risk', case_id, as_of, provenance from core.programme_risk
  union all
  select 'stakeholder', case_id, as_of, provenance from core.programme_stakeholder
)
select t.register, c.case_id, c.as_of, max(t.as_of) as told_on, 'A' as status, max(greatest(c.provenance, t.provenance)) as provenance,
  max(c.source) || ';programme_' || t.register as source
from core.programme_case c
join told t on t.case_id = c.case_id and t.as_of <= c.as_of
group by t.register, c.case_id, c.as_of
order by register, case_id, as_of
