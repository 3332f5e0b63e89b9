"""What is said of a survey file as a whole, in the form that survey_messages.py explains and reads.

Belongs here: words on files, sheets and headers. Does not belong here: words on rows and cells.
"""

from __future__ import annotations

FILE = """
empty_file
 es El archivo está vacío. | Pida de nuevo el archivo a quien lo envió.
 eu Fitxategia hutsik dago. | Eskatu berriro fitxategia bidali duenari.
 en The file is empty. | Ask the sender for the file again.
too_big
 es El archivo ocupa {size} MB; el límite es {limit} MB. | Envíe solo la hoja de respuestas, sin imágenes.
 eu Fitxategiak {size} MB ditu; muga {limit} MB da. | Bidali erantzunen orria bakarrik, irudirik gabe.
 en The file has {size} MB; the limit is {limit} MB. | Send the sheet of answers alone, without pictures.
too_many_rows
 es El archivo tiene {rows} filas; el límite es {limit}. | Borre las filas vacías con formato al final de la hoja.
 eu Fitxategiak {rows} errenkada ditu; muga {limit} da. | Ezabatu orriaren amaierako errenkada hutsak.
 en The file has {rows} rows; the limit is {limit}. | Delete formatted but empty rows at the end of the sheet.
too_wide
 es La tabla llega hasta la celda {cell}; se leen como mucho {columns} columnas y {limit} celdas. | Borre las celdas
 + que no son respuestas, a la derecha y debajo.
 eu Taula {cell} gelaxkaraino iristen da; gehienez {columns} zutabe eta {limit} gelaxka irakurtzen dira. | Ezabatu
 + erantzunak ez diren gelaxkak, eskuinean eta behean.
 en The table reaches cell {cell}; at most {columns} columns and {limit} cells are read. | Delete the cells that are no
 + answers, to the right and below.
too_many_merged
 es La hoja tiene más de {limit} grupos de celdas combinadas. | Separe las celdas y escriba un dato en cada fila.
 eu Orriak {limit} gelaxka konbinatu multzo baino gehiago ditu. | Banandu gelaxkak eta idatzi datu bat errenkadan.
 en The sheet has more than {limit} areas of merged cells. | Unmerge them and write a value in each row.
password
 es El libro está protegido con contraseña y no se puede abrir. | Ábralo en Excel y guárdelo sin contraseña.
 eu Liburuak pasahitza du eta ezin da ireki. | Ireki Excelen eta gorde pasahitzik gabe.
 en The workbook is protected by a password and cannot be opened. | Open it in Excel and save it without password.
old_excel
 es Es un libro de Excel antiguo (.xls), sea cual sea su nombre. | Ábralo y guárdelo como «Libro de Excel (.xlsx)».
 eu Excel zaharreko liburua da (.xls), izena edozein dela ere. | Ireki eta gorde «Excel liburua (.xlsx)» gisa.
 en It is an old Excel workbook (.xls), whatever its name. | Open it and save it as "Excel workbook (.xlsx)".
not_a_table
 es El archivo no es una tabla (contenido: {kind}). | Guarde las respuestas como .xlsx o .csv y envíelas de nuevo.
 eu Fitxategia ez da taula bat (edukia: {kind}). | Gorde erantzunak .xlsx edo .csv gisa eta bidali berriro.
 en The file is not a table (content: {kind}). | Save the answers as .xlsx or .csv and send them again.
web_page
 es El archivo es una página web o XML con otro nombre. | Ábralo en Excel y guárdelo como .xlsx.
 eu Fitxategia webgune edo XML bat da, beste izen batekin. | Ireki Excelen eta gorde .xlsx gisa.
 en The file is a web page or XML under another name. | Open it in Excel and save it as .xlsx.
not_workbook
 es El archivo es un archivo comprimido ({kind}), no un libro .xlsx. | Extraiga la tabla y guárdela como .xlsx o .csv.
 eu Fitxategia konprimitua da ({kind}), ez .xlsx liburua. | Atera taula eta gorde .xlsx edo .csv gisa.
 en The file is an archive ({kind}), not an .xlsx workbook. | Extract the table and save it as .xlsx or .csv.
broken_workbook
 es El libro está dañado o incompleto. | Ábralo en Excel, deje que lo repare, guárdelo y envíelo de nuevo.
 eu Liburua hondatuta edo osatu gabe dago. | Ireki Excelen, utzi konpontzen, gorde eta bidali berriro.
 en The workbook is damaged or cut short. | Open it in Excel, let it be repaired, save it and send it again.
really_workbook
 es Por el nombre parece un texto, pero es un libro de Excel: se ha leído como tal. |
 eu Izenez testua dirudi, baina Excel liburua da: hala irakurri da. |
 en By its name it is a text file, but it is an Excel workbook: read as one. |
really_text
 es Por el nombre parece un libro de Excel, pero es un texto (CSV): se ha leído como tal. |
 eu Izenez Excel liburua dirudi, baina testua (CSV) da: hala irakurri da. |
 en By its name it is an Excel workbook, but it is a text file (CSV): read as one. |
unknown_encoding
 es El libro de códigos dice encoding: {encoding}, que no existe. | Escriba utf-8 o windows-1252, o borre la línea.
 eu Kode-liburuak encoding: {encoding} dio, eta ez dago. | Idatzi utf-8 edo windows-1252, edo ezabatu lerroa.
 en The codebook says encoding: {encoding}, which does not exist. | Write utf-8 or windows-1252, or drop the line.
windows_letters
 es El texto no es UTF-8; se ha leído como windows-1252 (líneas {lines}). | Compruebe tildes y eñes en los nombres.
 eu Testua ez da UTF-8; windows-1252 gisa irakurri da (lerroak: {lines}). | Egiaztatu izenetako ñ eta azentuak.
 en The text is not UTF-8; it was read as windows-1252 (lines {lines}). | Check letters such as ñ in the names.
mixed_encodings
 es El archivo mezcla dos codificaciones de letras; parte se ha leído como windows-1252. | Compruebe tildes y eñes.
 eu Fitxategiak bi letra-kodeketa nahasten ditu; zati bat windows-1252 gisa irakurri da. | Egiaztatu ñ eta azentuak.
 en The file mixes two encodings of letters; part of it was read as windows-1252. | Check letters such as ñ and á.
sheet_unknown
 es No hay ninguna hoja «{sheet}»; las hojas son {sheets}. | Corrija file: sheet en el libro de códigos.
 eu Ez dago «{sheet}» orririk; orriak hauek dira: {sheets}. | Zuzendu file: sheet kode-liburuan.
 en There is no sheet "{sheet}"; the sheets are {sheets}. | Correct file: sheet in the codebook.
sheets_several
 es Varias hojas tienen la cabecera esperada: {sheets}. | Escriba file: sheet: NOMBRE en el libro de códigos.
 eu Hainbat orrik dute espero den goiburua: {sheets}. | Idatzi file: sheet: IZENA kode-liburuan.
 en Several sheets have the expected header: {sheets}. | Write file: sheet: NAME in the codebook.
sheet_chosen
 es Se ha leído la hoja «{sheet}» de {sheets}. |
 eu «{sheet}» orria irakurri da, hauetatik: {sheets}. |
 en The sheet "{sheet}" was read, of {sheets}. |
no_header
 es No se encuentra la fila de cabecera (filas {rows}); se buscan {wanted}. | Ponga esos títulos, o añádalos como
 + «header» en el libro de códigos.
 eu Ez da goiburu-errenkadarik aurkitu (errenkadak: {rows}); bilatzen dira: {wanted}. | Jarri titulu horiek, edo gehitu
 + kode-liburuko «header» zerrendan.
 en No header row was found (rows {rows}); looked for {wanted}. | Put these titles in, or add the file's own under
 + "header" in the codebook.
column_missing
 es En la cabecera (fila {row}) falta {columns}; podría ser: {candidates}. | Si es una de ellas, añada ese título a
 + columns: {ours}: header en el libro de códigos.
 eu Goiburuan (errenkada: {row}) hau falta da: {columns}; izan liteke: {candidates}. | Horietako bat bada, gehitu
 + titulua
 + kode-liburuko columns: {ours}: header zerrendan.
 en The header (row {row}) lacks {columns}; it could be: {candidates}. | If it is one of them, add that title to
 + columns: {ours}: header in the codebook.
column_twice
 es Dos columnas ({columns}) corresponden a «{ours}». | Borre o renombre la que no valga.
 eu Bi zutabe ({columns}) dagozkio «{ours}» aldagaiari. | Ezabatu edo berrizendatu balio ez duena.
 en Two columns ({columns}) both stand for "{ours}". | Delete or rename the one that does not count.
column_ignored
 es Columnas que el libro de códigos no nombra y no se han leído: {columns}. |
 eu Kode-liburuak aipatzen ez dituen zutabeak, irakurri gabeak: {columns}. |
 en Columns that the codebook does not name, not read: {columns}. |
column_unnamed
 es Columnas con datos pero sin título, no leídas: {columns}. | Póngales título si son respuestas de la encuesta.
 eu Datuak bai baina titulurik ez duten zutabeak, irakurri gabeak: {columns}. | Jarri titulua inkestakoak badira.
 en Columns with cells but no title, not read: {columns}. | Give them a title if they are answers of the survey.
column_absent
 es Columnas opcionales que el archivo no trae: {columns}. |
 eu Fitxategiak ez dakartzan aukerako zutabeak: {columns}. |
 en Optional columns that the file does not have: {columns}. |
title_rows
 es Filas por encima de la cabecera, no leídas: {rows}. |
 eu Goiburuaren gaineko errenkadak, irakurri gabeak: {rows}. |
 en Rows above the header, not read: {rows}. |
blank_rows
 es Filas en blanco entre las respuestas: {rows}. |
 eu Erantzunen arteko errenkada hutsak: {rows}. |
 en Blank rows between the answers: {rows}. |
no_rows
 es Hay cabecera, pero ninguna fila debajo. | Compruebe que se exportaron las respuestas y no solo los títulos.
 eu Goiburua badago, baina azpian ez dago errenkadarik. | Egiaztatu erantzunak esportatu direla.
 en There is a header, but no row below it. | Check that the answers were exported and not the titles alone.
"""
