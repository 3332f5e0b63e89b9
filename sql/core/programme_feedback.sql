/*
name: {en: Feedback, es: Opiniones, eu: Iritziak}
question: What do the firms say?
definition: What firms said of a step and of the building. One row of the register's extract each, firms and organisations under pseudonyms.
unit: records
row: one firm id and step and as of
sources_note: Register feedback of the programme (data/catalogue/registers/programme_feedback.yaml).
caveats:
  - Free text of the register stays in the extract; what nobody has written down is null, never nought.
reference: Domain notes of the observatory on programme monitoring
columns:
  extract_row: Row of the extract, to find the cell
  case_id: Case, a pseudonym
  firm_id: Firm, a pseudonym
  step: Step of the mentoring, 1 to 5
  score: 0 to 10
  in_words: satisfied, mixed or dissatisfied
  informed: Whether the firm knows what the building will be, yes, partly, no, not_fully (partly or no)
  as_of: Date the row speaks of, as exact as it was written
  status: SDMX observation status
  provenance: programme or synthetic
  source: Id of the register
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, firm_id, step, as_of]}}
*/
select extract_row, case_id, firm_id, step, score, in_words, informed, as_of, 'A' as status, provenance, source
from raw.programme_feedback
order by source, firm_id, step, as_of
