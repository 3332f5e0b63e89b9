"use strict";
// A Parquet file from columns of texts or numbers (Apache Parquet format 2; Thrift's compact protocol): one row group, one
// page a column, plain values that nothing compresses. An empty text and an empty number are null.
OBS.parquet = (columns, notes) => {
  const [I32, I64, BINARY, LIST, STRUCT] = [5, 6, 8, 9, 12];
  const [DOUBLE, BYTES, OPTIONAL, UTF8, PLAIN, RLE] = [5, 6, 1, 0, 0, 3];
  const flat = (parts) => parts.flatMap((part) => [...part]);
  const varint = (number) => {
    const bytes = [];
    for (let rest = number; ; rest = Math.floor(rest / 128)) {
      if (rest < 128) return [...bytes, rest];
      bytes.push((rest % 128) | 128);
    }
  };
  const whole = (number) => varint(number * 2); // zigzag of what is never negative
  const text = (value) => { const bytes = new TextEncoder().encode(value); return [...varint(bytes.length), ...bytes]; };
  const list = (kind, items) => [...(items.length < 15 ? [(items.length << 4) | kind] : [0xf0 | kind, ...varint(items.length)]), ...flat(items)];
  // fields are [number, kind, bytes], in the order of their numbers
  const struct = (...fields) => {
    let before = 0;
    const bytes = fields.flatMap(([number, kind, body]) => { const head = ((number - before) << 4) | kind; before = number; return [head, ...body]; });
    return [...bytes, 0];
  };
  const little = (number) => [...new Uint8Array(new Uint32Array([number]).buffer)];

  const isNull = (value) => value === null || value === undefined || value === "";
  // whether each value is there, one bit each, before the values that are
  const page = ({ isNumber, values }) => {
    const bits = new Uint8Array(Math.ceil(values.length / 8));
    values.forEach((value, index) => { if (!isNull(value)) bits[index >> 3] |= 1 << (index % 8); });
    const levels = [...varint((bits.length << 1) | 1), ...bits];
    const known = values.filter((value) => !isNull(value));
    const body = isNumber
      ? new Uint8Array(new Float64Array(known).buffer)
      : flat(known.map((value) => { const bytes = new TextEncoder().encode(value); return [...little(bytes.length), ...bytes]; }));
    return Uint8Array.from([...little(levels.length), ...levels, ...body]);
  };

  const rows = columns[0].values.length;
  const magic = new TextEncoder().encode("PAR1");
  const file = [magic];
  let at = magic.length;
  const chunks = columns.map((column) => {
    const data = page(column);
    const about = struct([1, I32, whole(rows)], [2, I32, whole(PLAIN)], [3, I32, whole(RLE)], [4, I32, whole(RLE)]);
    const head = Uint8Array.from(struct([1, I32, whole(0)], [2, I32, whole(data.length)], [3, I32, whole(data.length)], [5, STRUCT, about]));
    const [first, size] = [at, head.length + data.length];
    file.push(head, data);
    at += size;
    const meta = struct(
      [1, I32, whole(column.isNumber ? DOUBLE : BYTES)], [2, LIST, list(I32, [whole(PLAIN), whole(RLE)])],
      [3, LIST, list(BINARY, [text(column.name)])], [4, I32, whole(0)], [5, I64, whole(rows)],
      [6, I64, whole(size)], [7, I64, whole(size)], [9, I64, whole(first)],
    );
    return struct([2, I64, whole(first)], [3, STRUCT, meta]);
  });
  const schema = [
    struct([4, BINARY, text("figures")], [5, I32, whole(columns.length)]),
    ...columns.map(({ name, isNumber }) => (isNumber
      ? struct([1, I32, whole(DOUBLE)], [3, I32, whole(OPTIONAL)], [4, BINARY, text(name)])
      : struct([1, I32, whole(BYTES)], [3, I32, whole(OPTIONAL)], [4, BINARY, text(name)], [6, I32, whole(UTF8)]))),
  ];
  const pairs = Object.entries(notes).map(([name, value]) => struct([1, BINARY, text(name)], [2, BINARY, text(value)]));
  const group = struct([1, LIST, list(STRUCT, chunks)], [2, I64, whole(at - magic.length)], [3, I64, whole(rows)]);
  const footer = Uint8Array.from(struct(
    [1, I32, whole(2)], [2, LIST, list(STRUCT, schema)], [3, I64, whole(rows)], [4, LIST, list(STRUCT, [group])],
    [5, LIST, list(STRUCT, pairs)], [6, BINARY, text("KIBS observatory")],
  ));
  return new Blob([...file, footer, Uint8Array.from(little(footer.length)), magic]);
};
