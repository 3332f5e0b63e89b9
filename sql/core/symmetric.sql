/*
name: {en: Symmetric input-output table, es: Tabla simétrica input-output, eu: Input-output taula simetrikoa}
question: Which products does it take to make which product, and from where?
definition: Product-by-product input-output table at basic prices by geographical origin, with value added and output of each product.
unit: million euro
row: one source, row, column, origin and year
sources_note: Eustat PX_170111_tio_tio_a_03 (2022) and PX_170111_tio_tio003e (2015).
caveats:
  - Tables of two bases; they are never joined.
  - Origin is modelled by the publisher.
reference: ESA 2010, chapter 9; Miller and Blair 2009, chapter 5
columns:
  geo: Place (catalogue.geographies)
  row: Product of A86, or TOTAL, B1G (value added), P1 (output)
  col: Product of A86, or P2 (intermediate total) and final uses
  origin: total, region, rest_of_spain or abroad
  kind: intermediate, value_added, output, final or total
  period: Year
  value: Million euro
  unit: Unit of value
  status: SDMX observation status
  provenance: official, survey or synthetic
  source: Id of the source table
checks:
  - {expectation: expect_compound_columns_to_be_unique, kwargs: {column_list: [source, row, col, origin, period]}}
  - name: columns_close
    meaning: a product whose inputs and value added are not its output
    sql: >
      select source, col, period, sum(value) filter (kind in ('intermediate', 'value_added')) as inputs, max(value) filter (kind = 'output') as output
      from core.symmetric where origin = 'total' group by source, col, period
      having abs(sum(value) filter (kind in ('intermediate', 'value_added')) - max(value) filter (kind = 'output')) > 0.1 order by 1, 2, 3
  - name: origins_add_up
    meaning: a cell whose origins do not add up to it
    sql: >
      select source, row, col, period, sum(value) filter (origin <> 'total') as parts, max(value) filter (origin = 'total') as whole
      from core.symmetric where kind in ('intermediate', 'final') group by source, row, col, period
      having abs(sum(value) filter (origin <> 'total') - max(value) filter (origin = 'total')) > 0.01 order by 1, 2, 3, 4
  - name: rows_close
    meaning: a product whose uses of regional origin, by branches and final buyers, are not its output
    sql: >
      with uses as (
        select source, row as product, period, sum(value) as uses, count(*) = count(value) as is_whole
        from core.symmetric where kind in ('intermediate', 'final') and origin = 'region' group by source, row, period
      ),
      made as (
        select source, col as product, period, max(value) as output from core.symmetric where kind = 'output' group by source, col, period
      )
      select * from uses join made using (source, product, period)
      where is_whole and abs(uses - output) > 0.1
      order by source, product, period
*/
with cells as (
  select "producto y componentes de valor añadido__as" as row, "rama y componentes de la demanda__as" as col, "origen geográfico__as" as origin, periodo, value, kind, provenance, source
  from raw.eustat_symmetric
  union all
  select "producto y componentes de valor añadido__as", "rama y componentes de la demanda__as", "origen geográfico__as", periodo, value, kind, provenance, source
  from raw.eustat_symmetric_base2015
),
products as (
  select code from catalogue.activities where classification = 'Eustat' and version = 'A86' and level = 'a86'
)
select
  'ES21' as geo,
  c.row,
  c.col,
  c.origin,
  case
    when c.row = 'B1G' then 'value_added'
    when c.row = 'P1' then 'output'
    when c.row = 'TOTAL' or c.col in ('P2', 'TOTAL') then 'total'
    when p.code is not null then 'intermediate'
    else 'final'
  end as kind,
  c.periodo as period,
  case c.kind when 'nil' then 0 else c.value / 1000 end as value,
  'million euro' as unit,
  case c.kind when 'missing' then 'M' else 'A' end as status,
  c.provenance,
  c.source
from cells c
left join products p on p.code = c.col
-- value added and output have no origin and stand under the total alone
where (c.row not in ('B1G', 'P1') or c.origin = 'total' and p.code is not null)
order by source, row, col, origin, period
