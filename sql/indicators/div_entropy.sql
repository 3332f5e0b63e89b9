/*
name: {en: Entropy with related and unrelated variety, es: Entropía y variedad relacionada, eu: Entropia eta aniztasun erlazionatua}
question: How varied are the activities of a place, across sections and within them?
definition: >-
  Shannon's entropy of activities, sum of s log2(1 / s). The variants that end in unrelated hold the entropy of the sections (unrelated variety), those
  that end in related the mean entropy within sections, weighted by their size (related variety); the two add up to the whole.
unit: bits
row: one breakdown, part and place and year
sources_note: core.structure.
caveats:
  - Logarithm to base 2.
  - Six parts are no sections, so they have no split.
reference: Frenken, Van Oort and Verburg 2007 (Regional Studies 41)
checks:
  - {expectation: expect_column_values_to_be_between, kwargs: {column: value, min_value: 0}}
  - name: parts_make_the_whole
    meaning: related and unrelated variety that do not add up to the entropy
    sql: >
      select whole.variant, whole.geo, whole.period, whole.value, sum(part.value) as parts
      from indicators.div_entropy whole
      join indicators.div_entropy part on part.geo = whole.geo and part.period = whole.period and starts_with(part.variant, whole.variant || ':')
      group by whole.variant, whole.geo, whole.period, whole.value
      having abs(sum(part.value) - whole.value) > 1e-9
      order by 1, 2, 3
*/
with amounts as (
  select breakdown as variant, source, geo, classification, section, period,
    cast(value as decimal(28, 6)) as value, status, provenance
  from core.structure
  where geo in (select geo from catalogue.geographies)
),
-- sum of x log2 x over activities, over sections, and the total: entropy = log2 T - (sum x log2 x) / T
sections as (
  select variant, source, geo, classification, period, section, sum(value) as value, count(*) as n, count(value) as n_published,
    sum(cast(coalesce(value * log2(nullif(value, 0)), 0) as decimal(28, 10))) as weighted, string_agg(distinct status, '') as status, max(provenance) as provenance
  from amounts
  group by variant, source, geo, classification, period, section
),
places as (
  select variant, source, geo, classification || ':TOTAL' as activity, period, sum(n) as n, sum(n) = sum(n_published) and sum(value) > 0 as is_whole,
    cast(sum(value) as double) as total, cast(sum(weighted) as double) as weighted,
    cast(sum(cast(coalesce(value * log2(nullif(value, 0)), 0) as decimal(28, 10))) as double) as weighted_sections,
    string_agg(distinct status, '') as status, max(provenance) as provenance
  from sections
  group by variant, source, geo, classification, period
),
parts as (
  select variant, geo, activity, period, case when is_whole then greatest(log2(total) - weighted / total, 0) end as value, n, status, provenance, source from places
  union all
  select variant || ':unrelated', geo, activity, period, case when is_whole then greatest(log2(total) - weighted_sections / total, 0) end, n, status, provenance, source from places
  where not starts_with(variant, 'six_parts')
  union all
  select variant || ':related', geo, activity, period, case when is_whole then greatest((weighted_sections - weighted) / total, 0) end, n, status, provenance, source from places
  where not starts_with(variant, 'six_parts')
)
select variant, geo, activity, period, value, n, status || case when value is null then 'M' else '' end as status, provenance, source as sources
from parts
order by variant, geo, activity, period
