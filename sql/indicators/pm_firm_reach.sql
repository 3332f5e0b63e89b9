/*
name: {en: Distinct firms reached, es: Empresas alcanzadas, eu: Lortutako enpresak}
question: How many firms has the programme reached?
definition: "Distinct firms in the register of participation up to a month, whole and by activity, sector, territory and first time."
unit: firms
row: one breakdown, part and date
sources_note: Register participation.
caveats:
  - A part of fewer than three firms is not published, nor the one that would give it away.
  - Firms are told apart by their pseudonyms, so one firm needs one id.
reference: Domain notes of the observatory on programme monitoring
estimator: programme.reach
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
*/
with months as (
  select distinct left(as_of, 7) as period from core.programme_participation
),
told as (
  select m.period, p.firm_id, p.provenance, p.source,
    case b.breakdown when 'all' then 'all' when 'activity' then 'activity=' || p.activity when 'sector' then 'sector=' || p.sector
      when 'territory' then 'territory=' || p.territory else 'first_time=' || p.first_time end as variant
  from months m
  join core.programme_participation p on left(p.as_of, 7) <= m.period
  cross join (values ('all'), ('activity'), ('sector'), ('territory'), ('first_time')) b(breakdown)
)
select variant, '48020' as geo, 'NACE2:TOTAL' as activity, period, count(distinct firm_id) as n, max(provenance) as provenance, max(source) as sources
from told
where variant is not null
group by variant, period
order by variant, period
