/*
name: {en: Secured post-UIA funding, es: Financiación asegurada tras UIA, eu: UIA osteko finantzaketa ziurtatua}
question: Who pays for the activities once the funding by UIA ends?
definition: "100 * committed in writing / planned annual cost, by line (courses, start-up support, brokering, observatory)."
unit: percent
row: one line and date
sources_note: Register commitment.
caveats:
  - Only commitments in writing count.
  - The journal says that commitments have not been secured and states no planned cost, so the share is missing.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
with lines as (
  select line, left(as_of, 7) as period, sum(cast(planned as decimal(18, 2))) as planned, coalesce(sum(cast(amount as decimal(18, 2))) filter (written = 'yes'), 0) as secured, max(provenance) as provenance, max(source) as source
  from core.programme_commitment
  group by line, left(as_of, 7)
)
select 'line=' || line as variant, '48020' as geo, 'NACE2:TOTAL' as activity, period,
  100 * cast(secured as double) / nullif(cast(planned as double), 0) as value,
  case when coalesce(planned, 0) = 0 then 'M' else 'A' end as status, provenance, source as sources
from lines
order by variant, period
