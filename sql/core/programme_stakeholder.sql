/*
name: {en: Stakeholders, es: Agentes, eu: Eragileak}
question: With whom does each case have to reckon?
definition: Whom a case has to reckon with, in what role and with what weight. One row of the register's extract each, firms and organisations under pseudonyms.
unit: records
row: one case id and stakeholder id and as of
sources_note: Register stakeholder of the programme (data/catalogue/registers/programme_stakeholder.yaml).
caveats:
  - Free text of the register stays in the extract; what nobody has written down is null, never nought.
reference: Domain notes of the observatory on programme monitoring
columns:
  extract_row: Row of the extract, to find the cell
  case_id: Case, a pseudonym
  stakeholder_id: Stakeholder, a pseudonym
  sort: Kind
  role: Role towards the case
  influence: 1 to 5
  power: 1 to 5
  plan_exists: yes or no, whether there is a plan how to win them
  as_of: Date the row speaks of, as exact as it was written
  status: SDMX observation status
  provenance: programme or synthetic
  source: Id of the register
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, case_id, stakeholder_id, as_of]}}
*/
select extract_row, case_id, stakeholder_id, sort, role, influence, power, plan_exists, as_of, 'A' as status, provenance, source
from raw.programme_stakeholder
order by source, case_id, stakeholder_id, as_of
