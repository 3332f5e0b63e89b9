/*
name: {en: Stakeholder coverage, es: Cobertura de agentes, eu: Eragileen estaldura}
question: Has each case thought of everybody it needs?
definition: "Roles present of six (partner, contractor, influencer, disseminator, informer, funder), and of the stakeholders with influence and power of 4 or 5 the share with a plan."
unit: percent
row: one case, measure and date
sources_note: Registers case and stakeholder.
caveats:
  - What was told last of a case up to the date counts.
  - Influence and power are the firms' own marks from 1 to 5.
reference: Domain notes of the observatory on programme monitoring
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0, max_value: 100}}
*/
with per_case as (
  select case_id, as_of, count(*) as n, count(distinct case when role <> 'other' then role end) as roles,
    count(*) filter (influence >= 4 and power >= 4) as close, count(*) filter (influence >= 4 and power >= 4 and plan_exists = 'yes') as planned,
    max(provenance) as provenance
  from core.programme_stakeholder
  group by case_id, as_of
)
select m.measure || ':case=' || c.case_id as variant, '48020' as geo, 'NACE2:TOTAL' as activity, left(c.as_of, 7) as period,
  case m.measure when 'roles' then 100 * s.roles / 6.0 else 100 * s.planned / nullif(cast(s.close as double), 0) end as value,
  case when s.n is null or (m.measure = 'managed_closely' and s.close = 0) then 'M' else 'A' end as status,
  case m.measure when 'roles' then s.n else s.close end as n,
  coalesce(s.provenance, c.provenance) as provenance, c.source || ';programme_stakeholder' as sources
from core.programme_case c
cross join (values ('roles'), ('managed_closely')) m(measure)
left join core.programme_latest l on l.register = 'stakeholder' and l.case_id = c.case_id and l.as_of = c.as_of
left join per_case s on s.case_id = l.case_id and s.as_of = l.told_on
order by variant, period
