/*
name: {en: Mentoring cases, es: Casos de mentoría, eu: Mentoretza-kasuak}
question: Which firms are being mentored, and how far have they come?
definition: Firms in the mentoring process, one row a case and date. One row of the register's extract each, firms and organisations under pseudonyms.
unit: records
row: one case id and as of
sources_note: Register case of the programme (data/catalogue/registers/programme_case.yaml).
caveats:
  - Free text of the register stays in the extract; what nobody has written down is null, never nought.
reference: Domain notes of the observatory on programme monitoring
columns:
  extract_row: Row of the extract, to find the cell
  case_id: Case, a pseudonym
  cohort: Group of cases
  track: group or individual
  lead_firm_id: Firm, a pseudonym
  sector: What the firm does
  size_class: Persons employed
  opened_on: When the case began
  state: open, signed, dropped, closed; held or planned for a session
  closed_on: When it ended
  as_of: Date the row speaks of, as exact as it was written
  status: SDMX observation status
  provenance: programme or synthetic
  source: Id of the register
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, case_id, as_of]}}
*/
select extract_row, case_id, cohort, track, lead_firm_id, sector, size_class, opened_on, state, closed_on, as_of, 'A' as status, provenance, source
from raw.programme_case
order by source, case_id, as_of
