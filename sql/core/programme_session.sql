/*
name: {en: Sessions, es: Sesiones, eu: Saioak}
question: Which meetings were held, and for how long?
definition: Mentoring meetings and co-production sessions, held or planned. One row of the register's extract each, firms and organisations under pseudonyms.
unit: hours
row: one session id
sources_note: Register session of the programme (data/catalogue/registers/programme_session.yaml).
caveats:
  - Free text of the register stays in the extract; what nobody has written down is null, never nought.
reference: Domain notes of the observatory on programme monitoring
columns:
  extract_row: Row of the extract, to find the cell
  session_id: Session, a pseudonym
  case_id: Case, a pseudonym
  cohort: Group of cases
  activity: What kind of activity
  step: Step of the mentoring, 1 to 5
  meeting: Number of the meeting
  state: open, signed, dropped, closed; held or planned for a session
  held_on: When it was held; when it is planned for one to come
  hours: Hours
  mode: in_person or online
  mentor_org: Organisation that mentors, a pseudonym
  tools: Tools used
  homework_done: yes or no
  firm_ids: Firms that came, pseudonyms between blanks
  as_of: Date the row speaks of, as exact as it was written
  status: SDMX observation status
  provenance: programme or synthetic
  source: Id of the register
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, session_id]}}
*/
select extract_row, session_id, case_id, cohort, activity, step, meeting, state, held_on, hours, mode, mentor_org, tools, homework_done, firm_ids, as_of, 'A' as status, provenance, source
from raw.programme_session
order by source, session_id
