"""What each rule of a survey extract's validation says, in Spanish, Basque and English, with its remedy.

Belongs here: the one catalogue of messages, and the words on rows and cells. Does not belong here: the words on a file
as a whole (survey_file_messages.py, in the same form), when a rule applies.

A block below is a rule's name and, per language, what happened and (after ``|``) what to do about it. Words in braces
are filled in: ``found`` is the cell's text, ``made`` what it was read as, others are facts of the rule.
"""

from __future__ import annotations

from collections.abc import Mapping

from observatory.formats.survey_file_messages import FILE
from observatory.formats.survey_frame import LANGUAGES, Language

_ROWS = """
broken_quotes
 es Las comillas de la fila no se cierran y sus celdas no se distinguen. | Quite las comillas del texto de la fila.
 eu Errenkadako komatxoak ez dira ixten eta gelaxkak ez dira bereizten. | Kendu komatxoak errenkadako testutik.
 en The row's quotation marks do not close: its cells cannot be told. | Take the quotation marks out of its text.
too_many_cells
 es La fila tiene {cells} celdas y la cabecera {expected}: quizá un separador dentro de un dato (12,5 sin comillas). |
 + Use punto y coma como separador, o comillas.
 eu Errenkadak {cells} gelaxka ditu eta goiburuak {expected}: agian bereizlea datu baten barruan (12,5 komatxorik
 + gabe). |
 + Erabili puntu eta koma bereizle gisa, edo komatxoak.
 en The row has {cells} cells and the header {expected}: perhaps a separator within a figure (12,5 without quotes). |
 + Separate with semicolons, or put quotation marks.
too_few_cells
 es La fila tiene {cells} celdas y la cabecera {expected}: no se sabe cuál falta. | Complete la fila o quite el corte de
 + línea que la parte.
 eu Errenkadak {cells} gelaxka ditu eta goiburuak {expected}: ez dakigu zein falta den. | Osatu errenkada edo kendu
 + zatitzen
 + duen lerro-jauzia.
 en The row has {cells} cells and the header {expected}: which one lacks cannot be told. | Complete the row, or take out
 + the line break that cuts it.
total_row
 es Es una fila de total o de media, no una empresa. | Nada: no se cuenta. Si es una empresa, escriba su nombre
 + completo.
 eu Guztizkoaren edo batezbestekoaren errenkada da, ez enpresa bat. | Ezer ez. Enpresa bada, idatzi izen osoa.
 en It is a row of totals or means, not a firm. | Nothing: it is left out. If it is a firm, write its full name.
note_row
 es La fila tiene una sola celda: es una nota o una empresa sin respuestas. | Nada, salvo que falten sus respuestas.
 eu Errenkadak gelaxka bakarra du: oharra edo erantzunik gabeko enpresa. | Ezer ez, erantzunak falta ez badira.
 en The row has a single cell: a remark, or a firm without answers. | Nothing, unless its answers are lacking.
repeated_header
 es La cabecera se repite en esta fila. | Nada: no se cuenta.
 eu Goiburua errepikatzen da errenkada honetan. | Ezer ez: ez da kontatzen.
 en The header stands again in this row. | Nothing: it is left out.
firm_missing
 es La fila no dice qué empresa es. | Escriba el nombre o el código de la empresa.
 eu Errenkadak ez dio zein enpresa den. | Idatzi enpresaren izena edo kodea.
 en The row does not say which firm it is. | Write the firm's name or code.
required_missing
 es Falta una respuesta obligatoria. | Complétela, o quite required: true en el libro de códigos.
 eu Nahitaezko erantzuna falta da. | Bete ezazu, edo kendu required: true kode-liburuan.
 en A required answer is missing. | Fill it in, or drop required: true in the codebook.
duplicate_kept
 es La empresa está repetida con las mismas respuestas (filas {rows}); esta es la fila que cuenta. |
 eu Enpresa errepikatuta dago erantzun berekin (errenkadak: {rows}); hau da kontuan hartzen dena. |
 en The firm stands several times with the same answers (rows {rows}); this is the row that counts. |
duplicate_identical
 es Repite la fila {first} con las mismas respuestas; no se cuenta dos veces. | Nada, o borre la fila.
 eu {first}. errenkada errepikatzen du erantzun berekin; ez da bi aldiz kontatzen. | Ezer ez, edo ezabatu errenkada.
 en It repeats row {first} with the same answers and is not counted twice. | Nothing, or delete the row.
duplicate_differs
 es La empresa está en las filas {rows} con respuestas distintas. | Deje solo la fila válida.
 eu Enpresa {rows} errenkadetan dago, erantzun desberdinekin. | Utzi balio duen errenkada bakarrik.
 en The firm stands in rows {rows} with different answers. | Leave the row that holds.
firm_similar
 es El nombre solo se distingue por la forma jurídica de otro (filas {rows}). | Compruebe que sean empresas distintas.
 eu Izena beste batengandik forma juridikoan bakarrik bereizten da (errenkadak: {rows}). | Egiaztatu bi enpresa direla.
 en The name differs from another in its legal form alone (rows {rows}). | Check that they are different firms.
weight_missing
 es Otras filas tienen peso y esta no. | Escriba el peso, o quite la columna de pesos.
 eu Beste errenkada batzuek pisua dute eta honek ez. | Idatzi pisua, edo kendu pisuen zutabea.
 en Other rows have a weight and this one has none. | Write the weight, or take out the column of weights.
merged_cells
 es La celda es parte de un grupo de celdas combinadas ({cell}). | Separe las celdas y escriba un dato en cada fila.
 eu Gelaxka konbinatutako gelaxka multzo batekoa da ({cell}). | Banandu gelaxkak eta idatzi datu bat errenkada
 + bakoitzean.
 en The cell is part of merged cells ({cell}). | Unmerge them and write a value in each row.
unknown_stratum
 es El estrato no está en el diseño; se esperaba {expected}. | Corríjalo, o añada el estrato al libro de códigos.
 eu Geruza ez dago diseinuan; espero zen: {expected}. | Zuzendu, edo gehitu geruza kode-liburuan.
 en The stratum is not in the design; expected {expected}. | Correct it, or add the stratum to the codebook.
service_over_turnover
 es Los servicios ({services}) superan la facturación ({turnover}), en miles de euros. | Revise las unidades de ambas.
 eu Zerbitzuak ({services}) fakturazioa ({turnover}) baino handiagoak dira, mila eurotan. | Berrikusi bien unitateak.
 en Services ({services}) are above turnover ({turnover}), in thousand euro. | Check the units of both.
share_differs
 es La cuota dice {share} y servicios entre facturación da {computed} (%). | Compruebe cuál vale.
 eu Kuotak {share} dio, eta zerbitzuak zati fakturazioa {computed} da (%). | Egiaztatu zeinek balio duen.
 en The share says {share}, and services over turnover give {computed} (%). | Check which of them holds.
"""

_CELLS = """
lost_character
 es Una letra de «{found}» se perdió al guardar el archivo. | Escríbala de nuevo o exporte el archivo en UTF-8.
 eu «{found}» testuko letra bat galdu da fitxategia gordetzean. | Idatzi berriro edo esportatu UTF-8n.
 en A letter of "{found}" was lost when the file was saved. | Write it again, or export the file in UTF-8.
formula_error
 es La celda tiene un error de fórmula ({found}). | Corrija la fórmula o escriba el dato.
 eu Gelaxkak formula-errorea du ({found}). | Zuzendu formula edo idatzi datua.
 en The cell holds a formula error ({found}). | Mend the formula or write the figure.
formula_text
 es La celda tiene la fórmula y no su resultado ({found}). | Copie y pegue la columna como valores.
 eu Gelaxkak formula du, ez emaitza ({found}). | Kopiatu eta itsatsi zutabea balio gisa.
 en The cell holds the formula and not its result ({found}). | Copy the column and paste it as values.
formula_unsaved
 es La celda tiene una fórmula sin resultado guardado. | Abra el libro en Excel, guárdelo y envíelo de nuevo.
 eu Gelaxkak emaitzarik gabeko formula du. | Ireki liburua Excelen, gorde eta bidali berriro.
 en The cell holds a formula without a saved result. | Open the workbook in Excel, save it and send it again.
encoded_twice
 es Letras codificadas dos veces: «{found}» se ha leído «{made}». |
 eu Bi aldiz kodetutako letrak: «{found}» honela irakurri da: «{made}». |
 en Letters encoded twice: "{found}" was read "{made}". |
wide_characters
 es Caracteres anchos: «{found}» se ha leído «{made}». |
 eu Karaktere zabalak: «{found}» honela irakurri da: «{made}». |
 en Wide characters: "{found}" was read "{made}". |
hidden_characters
 es La celda tenía caracteres invisibles; se ha leído «{made}». |
 eu Gelaxkak karaktere ikusezinak zituen; honela irakurri da: «{made}». |
 en The cell held invisible characters; it was read "{made}". |
line_break
 es La celda tenía un salto de línea; se ha leído «{made}». |
 eu Gelaxkak lerro-jauzia zuen; honela irakurri da: «{made}». |
 en The cell held a line break; it was read "{made}". |
leading_apostrophe
 es Apóstrofo inicial quitado: «{found}» se ha leído «{made}». |
 eu Hasierako apostrofoa kendu da: «{found}» honela irakurri da: «{made}». |
 en Leading apostrophe taken off: "{found}" was read "{made}". |
missing_mark
 es «{found}» se ha leído como falta de dato ({made}), no como cero. |
 eu «{found}» daturik eza gisa irakurri da ({made}), ez zero gisa. |
 en "{found}" was read as missing ({made}), not as zero. |
excel_date
 es La celda es una fecha ({found}): Excel convierte así 10-5 o 10.5. | Escriba el número original con formato de texto.
 eu Gelaxka data bat da ({found}): Excelek hala bihurtzen du 10-5 edo 10.5. | Idatzi jatorrizko zenbakia testu gisa.
 en The cell is a date ({found}): Excel makes it of 10-5 or 10.5. | Write the original number, formatted as text.
truth_value
 es La celda es verdadero/falso y debía ser un número. | Escriba el número.
 eu Gelaxka egia/gezurra da, eta zenbakia behar zuen. | Idatzi zenbakia.
 en The cell is true or false and should be a number. | Write the number.
ambiguous_number
 es «{found}» puede ser {es} o {en} y nada en la columna lo aclara. | Escriba number_format: es (1.234,5) o
 + number_format: en (1,234.5) en el libro de códigos.
 eu «{found}» {es} edo {en} izan daiteke, eta zutabean ezerk ez du argitzen. | Idatzi number_format: es (1.234,5) edo
 + number_format: en (1,234.5) kode-liburuan.
 en "{found}" may be {es} or {en} and nothing in the column settles it. | Write number_format: es (1.234,5) or
 + number_format: en (1,234.5) in the codebook.
settled_by_column
 es «{found}» se ha leído {made}, porque la fila {other} muestra el formato de la columna. |
 eu «{found}» {made} gisa irakurri da, {other}. errenkadak zutabearen formatua erakusten duelako. |
 en "{found}" was read as {made}, because row {other} shows the column's format. |
contradicts_codebook
 es «{found}» no está en el formato que dice el libro de códigos ({format}). | Escriba el número en ese formato, o
 + corrija number_format.
 eu «{found}» ez dago kode-liburuak dioen formatuan ({format}). | Idatzi zenbakia formatu horretan, edo zuzendu
 + number_format.
 en "{found}" is not in the format that the codebook says ({format}). | Write the number in that format, or correct
 + number_format.
contradicts_column
 es «{found}»: la columna mezcla dos formatos: 1.234,5 (fila {es_row}) y 1,234.5 (fila {en_row}). | Unifique la columna,
 + o escriba number_format en el libro de códigos.
 eu «{found}»: zutabeak bi formatu nahasten ditu: 1.234,5 ({es_row}. errenkada) eta 1,234.5 ({en_row}. errenkada). |
 + Bateratu zutabea, edo idatzi number_format kode-liburuan.
 en "{found}": the column mixes two formats: 1.234,5 (row {es_row}) and 1,234.5 (row {en_row}). | Write the column in
 + one
 + format, or write number_format in the codebook.
approximate
 es «{found}» es una aproximación, no un número. | Pregunte el número a la empresa, o deje la celda vacía.
 eu «{found}» hurbilketa bat da, ez zenbaki bat. | Galdetu zenbakia enpresari, edo utzi gelaxka hutsik.
 en "{found}" is an approximation, not a number. | Ask the firm for the number, or leave the cell empty.
range
 es «{found}» es un intervalo, no un número. | Pregunte el número a la empresa, o deje la celda vacía.
 eu «{found}» tarte bat da, ez zenbaki bat. | Galdetu zenbakia enpresari, edo utzi gelaxka hutsik.
 en "{found}" is a range, not a number. | Ask the firm for the number, or leave the cell empty.
scientific
 es «{found}» ha perdido cifras (notación científica). | Dé formato de número a la columna y exporte de nuevo.
 eu «{found}» zenbakiak zifrak galdu ditu (idazkera zientifikoa). | Eman zenbaki-formatua eta esportatu berriro.
 en "{found}" has lost digits (scientific notation). | Format the column as number and export it again.
other_currency
 es «{found}» no está en euros. | Conviértalo a euros.
 eu «{found}» ez dago eurotan. | Bihurtu eurotara.
 en "{found}" is not in euro. | Convert it to euro.
in_brackets
 es «{found}» está entre paréntesis: ¿negativo o nota? | Escriba el número sin paréntesis, con su signo.
 eu «{found}» parentesi artean dago: negatiboa ala oharra? | Idatzi zenbakia parentesirik gabe, bere zeinuarekin.
 en "{found}" stands in brackets: negative, or a remark? | Write the number without brackets, with its sign.
apostrophe
 es «{found}»: el apóstrofo puede separar miles o decimales. | Escriba el número sin apóstrofo.
 eu «{found}»: apostrofoak milakoak edo dezimalak bereiz ditzake. | Idatzi zenbakia apostroforik gabe.
 en "{found}": the apostrophe may separate thousands or decimals. | Write the number without apostrophe.
unclear_unit
 es «{found}»: «m» puede ser miles o millones. | Escriba k€ o M€, o solo el número.
 eu «{found}»: «m» milakoak edo milioiak izan daitezke. | Idatzi k€ edo M€, edo zenbakia bakarrik.
 en "{found}": "m" may be thousands or millions. | Write k€ or M€, or the number alone.
malformed_number
 es «{found}» no es un número bien escrito. | Corrija la celda.
 eu «{found}» ez da ondo idatzitako zenbakia. | Zuzendu gelaxka.
 en "{found}" is not a well-written number. | Correct the cell.
not_a_number
 es «{found}» no es un número. | Corrija la celda, o añada la marca a «missing» en el libro de códigos.
 eu «{found}» ez da zenbakia. | Zuzendu gelaxka, edo gehitu marka kode-liburuko «missing» zerrendan.
 en "{found}" is not a number. | Correct the cell, or add the mark under "missing" in the codebook.
footnote
 es Llamada de nota quitada: «{found}» se ha leído {made}. |
 eu Ohar-marka kendu da: «{found}» {made} gisa irakurri da. |
 en Footnote mark taken off: "{found}" was read as {made}. |
unicode_minus
 es Signo menos tipográfico: «{found}» se ha leído {made}. |
 eu Minus zeinu tipografikoa: «{found}» {made} gisa irakurri da. |
 en Typographic minus sign: "{found}" was read as {made}. |
blank_thousands
 es Miles separados por espacio o apóstrofo: «{found}» se ha leído {made}. |
 eu Milakoak zuriunez edo apostrofoz bereizita: «{found}» {made} gisa irakurri da. |
 en Thousands separated by blank or apostrophe: "{found}" was read as {made}. |
decimal_apostrophe
 es Apóstrofo decimal: «{found}» se ha leído {made}. |
 eu Apostrofo dezimala: «{found}» {made} gisa irakurri da. |
 en Apostrophe before decimals: "{found}" was read as {made}. |
sign_removed
 es Signo de unidad quitado: «{found}» se ha leído {made}. |
 eu Unitate-zeinua kendu da: «{found}» {made} gisa irakurri da. |
 en Sign of the unit taken off: "{found}" was read as {made}. |
unit_in_cell
 es La celda dice su unidad: «{found}» se ha leído {made} (% o miles de euros). | Compruebe el resultado.
 eu Gelaxkak bere unitatea dio: «{found}» {made} gisa irakurri da (% edo mila euro). | Egiaztatu emaitza.
 en The cell says its own unit: "{found}" was read as {made} (% or thousand euro). | Check the result.
unit_contradicts
 es «{found}» lleva una unidad que contradice la de la columna ({unit}). | Quite el signo, o corrija unit en el libro de
 + códigos.
 eu «{found}» datuaren unitateak zutabearena ({unit}) kontraesaten du. | Kendu zeinua, edo zuzendu unit kode-liburuan.
 en "{found}" carries a unit that contradicts the column's ({unit}). | Take the sign off, or correct unit in the
 + codebook.
percent_format
 es Celda con formato de porcentaje: {found} se ha leído {made} %. |
 eu Ehuneko-formatuko gelaxka: {found} % {made} gisa irakurri da. |
 en Cell formatted as percent: {found} was read as {made} %. |
percent_looks_share
 es La columna dice por cien pero ningún dato pasa de 1: {found} puede ser {made} %. | Escriba unit: share en el libro
 + de
 + códigos, o el signo % en las celdas.
 eu Zutabea ehunekotan dago, baina daturik ez da 1 baino handiagoa: {found} % {made} izan daiteke. | Idatzi unit: share
 + kode-liburuan, edo % zeinua gelaxketan.
 en The column is in percent but no figure is above 1: {found} may be {made} %. | Write unit: share in the codebook, or
 + the sign % in the cells.
percent_below_one
 es {found} por cien es menos de uno; las demás celdas son mayores. | Compruebe que no sea una proporción.
 eu Ehuneko {found} bat baino txikiagoa da; gainerakoak handiagoak dira. | Egiaztatu proportzioa ez dela.
 en {found} percent is below one; other cells are larger. | Check that it is not a proportion.
share_over_one
 es La cuota {found} pasa de 1 y la columna es de proporciones (0 a 1). | Escriba unit: percent si son porcentajes.
 eu {found} kuota 1 baino handiagoa da, eta zutabea proportziotan dago (0-1). | Idatzi unit: percent ehunekoak badira.
 en The share {found} is above 1 and the column is in proportions (0 to 1). | Write unit: percent if it is in percent.
share_range
 es La cuota {found} no está entre 0 y 100 %. | Corrija la celda.
 eu {found} kuota ez dago % 0 eta % 100 artean. | Zuzendu gelaxka.
 en The share {found} is not between 0 and 100 %. | Correct the cell.
negative_amount
 es El importe {found} es negativo. | Corrija la celda.
 eu {found} zenbatekoa negatiboa da. | Zuzendu gelaxka.
 en The amount {found} is negative. | Correct the cell.
weight_not_positive
 es El peso {found} no es mayor que cero. | Corrija el peso, o quite la fila si la empresa está fuera de la muestra.
 eu {found} pisua ez da zero baino handiagoa. | Zuzendu pisua, edo kendu errenkada enpresa laginetik kanpo badago.
 en The weight {found} is not above zero. | Correct it, or take the row out if the firm is not in the sample.
dash_unclear
 es «{found}» puede ser «bajará» o «sin respuesta». | Escriba la respuesta con palabras, o «{found}» en la escala
 + (scale).
 eu «{found}» «jaitsiko da» edo «erantzunik ez» izan daiteke. | Idatzi erantzuna hitzez, edo «{found}» eskalan (scale).
 en "{found}" may be "will fall" or "no answer". | Write the answer in words, or put "{found}" into the scale.
unknown_label
 es «{found}» no está en la escala; se esperaba {expected}. | Corrija la celda, o añada la etiqueta a «scale».
 eu «{found}» ez dago eskalan; espero zen: {expected}. | Zuzendu gelaxka, edo gehitu etiketa «scale» zerrendan.
 en "{found}" is not in the scale; expected {expected}. | Correct the cell, or add the label under "scale".
unknown_yes_no
 es «{found}» no es sí ni no. | Escriba sí o no.
 eu «{found}» ez da bai ez ez. | Idatzi bai edo ez.
 en "{found}" is neither yes nor no. | Write yes or no.
"""


def _parsed(blocks: str) -> dict[str, dict[Language, tuple[str, str]]]:
    rules: dict[str, dict[Language, tuple[str, str]]] = {}
    for line in blocks.replace("\n + ", " ").strip().splitlines():
        if not line:
            continue
        if not line.startswith(" "):
            rule = rules.setdefault(line, {})
            continue
        text, _, remedy = line[4:].partition("|")
        for language in LANGUAGES:
            if line[1:3] == language:
                rule[language] = (text.strip(), remedy.strip())
    return rules


MESSAGES: Mapping[str, Mapping[Language, tuple[str, str]]] = _parsed(FILE + _ROWS + _CELLS)
"""By rule and language, what happened and what to do."""


def message(rule: str, language: Language) -> tuple[str, str]:
    """What a rule says and its remedy, still with braces."""
    return MESSAGES[rule][language]
