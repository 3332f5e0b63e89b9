/*
name: {en: Secured post-UIA funding, es: Financiación asegurada tras UIA, eu: UIA osteko finantzaketa ziurtatua}
question: Who pays for the activities once the funding by UIA ends?
definition: "100 * committed in writing / planned annual cost, by line (courses, start-up support, brokering, observatory), and the part of it that each funder has committed."
unit: percent
row: one line, or line and funder, and date
sources_note: Register commitment.
caveats:
  - Only commitments in writing count.
  - The journal says that commitments have not been secured and states no planned cost, so the share is missing.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
with told as (
  select line, funder, left(as_of, 7) as period, cast(planned as decimal(18, 2)) as planned, case when written = 'yes' then cast(amount as decimal(18, 2)) end as secured,
    provenance, source
  from core.programme_commitment
),
lines as (
  select line, period, sum(planned) as planned, coalesce(sum(secured), 0) as secured, max(provenance) as provenance, max(source) as source
  from told
  group by line, period
),
parts as (
  select 'line=' || line as variant, period, planned, secured, provenance, source from lines
  union all
  select 'line=' || t.line || ':funder=' || t.funder, t.period, max(l.planned), coalesce(sum(t.secured), 0), max(l.provenance), max(l.source)
  from told t
  join lines l on l.line = t.line and l.period = t.period
  where t.funder is not null
  group by t.line, t.funder, t.period
)
select variant, '48020' as geo, 'NACE2:TOTAL' as activity, period,
  100 * cast(secured as double) / nullif(cast(planned as double), 0) as value,
  case when coalesce(planned, 0) = 0 then 'M' else 'A' end as status, provenance, source as sources
from parts
order by variant, period
