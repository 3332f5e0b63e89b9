/*
name: {en: From the survey's mean to the official share, es: De la media de la encuesta a la cuota oficial, eu: Inkestaren batez bestekotik kuota ofizialera}
question: Why do firms say 10 % where the accounts say 2 %?
definition: >-
  The mean of firms, the same answers weighted by turnover, and the share of services in the turnover of manufacturing, and the two
  differences between them. weighting is what counting a firm by its turnover changes; selection is what remains, firms that answered and their
  own estimate against all firms and their accounts.
unit: percent
row: one wave and step
sources_note: svy_mean_share, svy_tw_share, serv_pl_share.
caveats:
  - The differences (weighting, selection) are percentage points.
  - The steps answer different questions and are never averaged.
reference: Domain notes of the observatory on servitization, 2.3
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: -100, max_value: 100}}
*/
with steps as (
  select m.geo, m.period, m.value as firms, t.value as weighted, o.value as official,
    m.lower as firms_lower, m.upper as firms_upper, t.lower as weighted_lower, t.upper as weighted_upper, m.n as firms_n, t.n as weighted_n,
    m.status as firms_status, t.status as weighted_status, coalesce(o.status, 'M') as official_status,
    m.provenance || ';' || t.provenance as survey_provenance, coalesce(o.provenance, m.provenance) as official_provenance,
    m.sources as firms_sources, t.sources as weighted_sources, coalesce(o.sources, 'no official share of this year') as official_sources
  from indicators.svy_mean_share m
  join indicators.svy_tw_share t on t.geo = m.geo and t.period = m.period and t.variant = 'turnover_weighted'
  left join indicators.serv_pl_share o
    on o.geo = m.geo and o.period = m.period and o.variant = 'manufacturing' and o.activity = 'NACE2:C'
  where m.variant = 'unweighted'
)
select 'firm_mean' as variant, geo, 'NACE2:C' as activity, period, firms as value, firms_lower as lower, firms_upper as upper, firms_n as n,
  firms_status as status, survey_provenance as provenance, firms_sources as sources
from steps
union all
select 'turnover_weighted', geo, 'NACE2:C', period, weighted, weighted_lower, weighted_upper, weighted_n, weighted_status, survey_provenance, weighted_sources
from steps
union all
select 'official', geo, 'NACE2:C', period, official, null, null, null, official_status, official_provenance, official_sources
from steps
union all
select 'difference:weighting', geo, 'NACE2:C', period, weighted - firms, null, null, weighted_n,
  firms_status || weighted_status || case when weighted - firms is null then 'M' else '' end, survey_provenance, firms_sources || ';' || weighted_sources
from steps
union all
select 'difference:selection', geo, 'NACE2:C', period, official - weighted, null, null, weighted_n,
  weighted_status || official_status || case when official - weighted is null then 'M' else '' end, survey_provenance || ';' || official_provenance,
  weighted_sources || ';' || official_sources
from steps
order by variant, geo, activity, period
