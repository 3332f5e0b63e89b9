/*
name: {en: KIBS of every place by variant, es: KIBS de cada territorio por variante, eu: Lurralde bakoitzeko KIBSak aldaeraka}
question: How large are the knowledge-intensive business services of a place, in jobs, value added and establishments?
definition: >-
  Sums of employment, value added, establishments and enterprises over the activities of every KIBS variant, and of each of its groups, beside the total of the
  same source; a variant is there where the source's breakdown makes it up exactly.
unit: persons, million euro, establishments or enterprises, by measure
row: one source, measure, variant or group, place and year
sources_note: core.employment, core.gva, core.employment_a38, core.gva_a38, core.establishments, core.enterprises.
caveats:
  - A missing part makes the sum missing.
  - Sources count different things (persons, jobs); figures of one source are compared with each other.
  - kibs_jkmn holds administrative and support services and is never compared with the headline.
reference: KIBS variants of the catalogue
columns:
  measure: employment, gva, establishments or enterprises
  variant: KIBS variant, or variant and group with a colon between
  geo: Place (catalogue.geographies)
  activity: Activities that were summed
  period: Year
  value: In unit; null where a part is missing
  total: All activities in the same unit, from the same source
  unit: Unit of value and total
  system: Which statistics, eurostat or eustat; measures of one system belong together
  status: SDMX observation status
  provenance: official, survey or synthetic
  source: Id of the source table
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, measure, variant, geo, period]}}
  - name: part_within_total
    meaning: KIBS larger than all activities together
    sql: select source, measure, variant, geo, period, value, total from core.kibs where value > total + 1e-6 order by all
  - name: made_of_its_divisions
    meaning: a variant made of activities that hold other divisions than it does, as M_N of A*10 holds 77 to 82
    sql: >
      with stated as (
        select variant, '' as grp, classification, version, activity from catalogue.kibs_definitions where breakdown in ('a88', 'a10')
        union all
        select variant, grp, classification, version, activity from catalogue.kibs_definitions where breakdown in ('a88', 'a10')
      ),
      wanted as (
        select s.variant || case s.grp when '' then '' else ':' || s.grp end as variant, string_agg(distinct d.division, ' ' order by d.division) as divisions
        from stated s
        join catalogue.activity_divisions d using (classification, version, activity)
        where classification = 'NACE' and version = '2'
        group by all
      ),
      made as (
        select distinct variant, source, activity, unnest(string_split(split_part(activity, ':', 2), '+')) as part from core.kibs
      ),
      have as (
        select m.variant, m.source, m.activity, string_agg(distinct d.division, ' ' order by d.division) as divisions
        from made m
        left join catalogue.activity_divisions d on d.classification = 'NACE' and d.version = '2' and d.activity = m.part
        group by all
      )
      select h.source, h.variant, h.activity, h.divisions, w.divisions as wanted
      from have h
      left join wanted w using (variant)
      where h.divisions is distinct from w.divisions
      order by all
  - name: items_of_their_breakdown
    meaning: an activity that is no item of the breakdown in which its table is summed; A*10 merges M with N (M_N) and gives kibs_jkmn alone
    sql: >
      with offered as (
        select 'a38' as breakdown, source, geo, activity, period from core.employment_a38 where level not in ('total', 'account')
        union all
        select 'a38', source, geo, activity, period from core.gva_a38 where level not in ('total', 'account')
        union all
        select 'a88', source, geo, activity, period from core.establishments where level <> 'total' and version = '2009'
        union all
        select 'a88', source, geo, activity, period from core.enterprises where level <> 'total' and version = '2009'
      )
      select o.breakdown, o.source, o.activity, min(o.geo) as geo, min(o.period) as period, count(*) as n
      from offered o
      left join catalogue.activity_breakdowns b on b.classification = 'NACE' and b.version = '2' and b.breakdown = o.breakdown and b.activity = o.activity
      where b.activity is null
      group by all
      order by all
  - name: groups_add_up
    meaning: a variant whose groups do not add up to it
    sql: >
      select whole.source, whole.measure, whole.variant, whole.geo, whole.period, max(whole.value) as value, sum(part.value) as parts
      from core.kibs whole
      join core.kibs part on part.source = whole.source and part.measure = whole.measure and part.geo = whole.geo and part.period = whole.period
        and starts_with(part.variant, whole.variant || ':')
      where whole.value is not null
      group by 1, 2, 3, 4, 5
      having abs(max(whole.value) - sum(part.value)) > 1e-6
      order by 1, 2, 3, 4, 5
  - name: wider_variants_hold_more
    meaning: a variant that is larger than one that has all its divisions and more; along widening variants counts never fall
    sql: >
      with members as (
        select distinct variant, activity from catalogue.kibs_definitions where breakdown = 'a88' and classification = 'NACE' and version = '2'
      ),
      pairs as (
        select n.variant as narrow, w.variant as wide
        from (select variant, list(activity) as has from members group by variant) n
        join (select variant, list(activity) as has from members group by variant) w on n.variant <> w.variant and list_has_all(w.has, n.has)
      )
      select n.source, n.measure, n.geo, n.period, n.variant, n.value, p.wide, w.value as wide_value
      from core.kibs n
      join pairs p on p.narrow = n.variant
      join core.kibs w on w.variant = p.wide and w.source = n.source and w.measure = n.measure and w.geo = n.geo and w.period = n.period
      where n.value > w.value + 1e-6
      order by all
*/
with members as (
  select variant, breakdown, activity from catalogue.kibs_definitions
  where classification = 'NACE' and version = '2' and (breakdown in ('a38', 'a88') or breakdown = 'a10' and variant = 'kibs_jkmn')
  union all
  select variant || ':' || grp, breakdown, activity from catalogue.kibs_definitions
  where classification = 'NACE' and version = '2' and (breakdown in ('a38', 'a88') or breakdown = 'a10' and variant = 'kibs_jkmn')
),
expected as (
  select variant, breakdown, count(*) as n from members group by variant, breakdown
),
cells as (
  select 'employment' as measure, 'a10' as breakdown, 'eurostat' as system, 'persons' as unit, geo, activity, period,
    cast(value as decimal(28, 6)) * 1000 as value, status, provenance, source
  from core.employment where classification = 'NACE' and version = '2'
  union all
  select 'gva', 'a10', 'eurostat', 'million euro', geo, activity, period, cast(value as decimal(28, 6)), status, provenance, source
  from core.gva where classification = 'NACE' and version = '2'
  union all
  select 'employment', 'a38', 'eustat', 'persons', geo, activity, period, cast(value as decimal(28, 6)), status, provenance, source
  from core.employment_a38
  union all
  select 'gva', 'a38', 'eustat', 'million euro', geo, activity, period, cast(cast(value as decimal(28, 6)) / 1000 as decimal(28, 6)), status, provenance, source
  from core.gva_a38
  union all
  -- divisions of CNAE-2009 are those of NACE Rev. 2
  select 'establishments', 'a88', 'eustat', 'establishments', geo, activity, period, cast(value as decimal(28, 6)), status, provenance, source
  from core.establishments
  where classification = 'CNAE' and version = '2009' and geo in (select geo from catalogue.geographies)
    and (source = 'eustat_establishments_district_cnae' or geo in (select geo from catalogue.geographies where kind = 'municipality'))
  union all
  select 'enterprises', 'a88', 'eustat', 'enterprises', geo, activity, period, cast(value as decimal(28, 6)), status, provenance, source
  from core.enterprises
  where classification = 'CNAE' and version = '2009'
),
summed as (
  select c.measure, m.variant, m.breakdown, c.system, c.unit, c.geo, c.period, c.source,
    string_agg(c.activity, '+' order by c.activity) as activities,
    sum(c.value) as value, count(*) as n, count(c.value) as n_published,
    string_agg(c.status, '' order by c.activity) as status, max(c.provenance) as provenance
  from cells c
  join members m on m.breakdown = c.breakdown and m.activity = c.activity
  group by c.measure, m.variant, m.breakdown, c.system, c.unit, c.geo, c.period, c.source
)
select
  s.measure,
  s.variant,
  s.geo,
  'NACE2:' || s.activities as activity,
  s.period,
  case when s.n_published = x.n then cast(s.value as double) end as value,
  cast(t.value as double) as total,
  s.unit,
  s.system,
  s.status || t.status || case when s.n_published = x.n and t.value is not null then '' else 'M' end as status,
  -- official < survey < synthetic in the alphabet as in strength: the greatest is the weakest
  greatest(s.provenance, t.provenance) as provenance,
  s.source
from summed s
join expected x on x.variant = s.variant and x.breakdown = s.breakdown and x.n = s.n
join cells t on t.measure = s.measure and t.source = s.source and t.geo = s.geo and t.period = s.period and t.activity = 'TOTAL'
order by source, measure, variant, geo, period
