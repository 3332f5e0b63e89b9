"use strict";
// A workbook from rows of cells (ECMA-376, Office Open XML): parts of XML in a ZIP that compresses nothing.
// Texts are inline strings, so that no text becomes a formula; numbers are numbers.
OBS.workbook = (sheets) => {
  const escape = (value) => String(value)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
  const column = (index) => (index > 25 ? column(Math.floor(index / 26) - 1) : "") + String.fromCharCode(65 + (index % 26));
  const cell = (value, where, style) => {
    if (value === null || value === undefined || value === "") return "";
    if (typeof value === "number") return Number.isFinite(value) ? `<c r="${where}"><v>${value}</v></c>` : "";
    return `<c r="${where}" t="inlineStr"${style}><is><t xml:space="preserve">${escape(value)}</t></is></c>`;
  };
  const sheet = ({ rows, widths }) => {
    const body = rows.map((cells, line) => `<row r="${line + 1}">${
      cells.map((value, index) => cell(value, column(index) + (line + 1), line === 0 ? ' s="1"' : "")).join("")}</row>`);
    const cols = widths.map((width, index) => `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`);
    return `<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" `
      + `activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${cols.join("")}</cols><sheetData>${body.join("")}</sheetData></worksheet>`;
  };
  const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
  const TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml";
  const list = (make) => sheets.map((one, index) => make(one, index + 1)).join("");
  const parts = {
    "[Content_Types].xml": `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`
      + `<Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPE}.styles+xml"/>${
        list((_, n) => `<Override PartName="/xl/worksheets/sheet${n}.xml" ContentType="${TYPE}.worksheet+xml"/>`)}</Types>`,
    "_rels/.rels": `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="r1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    "xl/workbook.xml": `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets>${
      list((one, n) => `<sheet name="${escape(one.name)}" sheetId="${n}" r:id="r${n}"/>`)}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `<Relationships xmlns="${PACKAGE}/relationships">${
      list((_, n) => `<Relationship Id="r${n}" Type="${OFFICE}/worksheet" Target="worksheets/sheet${n}.xml"/>`)
    }<Relationship Id="r${sheets.length + 1}" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`,
    "xl/styles.xml": `<styleSheet xmlns="${MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>`
      + '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
      + '<cellXfs count="2"><xf/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>',
  };
  sheets.forEach((one, index) => { parts[`xl/worksheets/sheet${index + 1}.xml`] = sheet(one); });
  const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
  return OBS.zip(Object.entries(parts).map(([name, text]) => [name, head + text]));
};

OBS.crc = (bytes) => {
  OBS.crcs ??= Uint32Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n >>> 0;
  });
  let found = 0xffffffff;
  for (const byte of bytes) found = OBS.crcs[(found ^ byte) & 255] ^ (found >>> 8);
  return (found ^ 0xffffffff) >>> 0;
};

// A ZIP archive of stored files (APPNOTE 4.3): local headers with bytes, the central directory, its end.
OBS.zip = (files) => {
  const encoder = new TextEncoder();
  const [chunks, directory] = [[], []];
  let offset = 0;
  const record = (signature, fields) => {
    const view = new DataView(new ArrayBuffer(4 + fields.reduce((sum, [size]) => sum + size, 0)));
    view.setUint32(0, signature, true);
    let at = 4;
    for (const [size, value] of fields) {
      if (size === 2) view.setUint16(at, value, true); else view.setUint32(at, value, true);
      at += size;
    }
    return new Uint8Array(view.buffer);
  };
  const size = (list) => list.reduce((sum, part) => sum + part.length, 0);
  for (const [name, text] of files) {
    const [path, bytes] = [encoder.encode(name), encoder.encode(text)];
    // version 2.0, UTF-8 names, stored, 1 January 1980
    const common = [[2, 20], [2, 0x800], [2, 0], [2, 0], [2, 0x21], [4, OBS.crc(bytes)], [4, bytes.length], [4, bytes.length], [2, path.length], [2, 0]];
    const local = [record(0x04034b50, common), path, bytes];
    directory.push(record(0x02014b50, [[2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]), path);
    chunks.push(...local);
    offset += size(local);
  }
  const end = record(0x06054b50, [[2, 0], [2, 0], [2, files.length], [2, files.length], [4, size(directory)], [4, offset], [2, 0]]);
  return new Blob([...chunks, ...directory, end], { type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" });
};
