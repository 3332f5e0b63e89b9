"""The words around the findings of a survey report: headings, states, kinds of missing answers, in three languages.

Belongs here: words of the report as such. Does not belong here: words of a rule (survey_messages.py).
"""

from __future__ import annotations

from typing import Literal

Language = Literal["es", "eu", "en"]
LANGUAGES: tuple[Language, ...] = ("es", "eu", "en")

FRAME: dict[Language, dict[str, str]] = {
    "es": {
        "title": "Informe de «{name}» (encuesta {survey}, ola {wave})",
        "counts": "Filas: {rows}. Aceptadas: {accepted}. Reparadas: {repaired}. Rechazadas: {refused}.",
        "unread": "El archivo no se ha podido leer.",
        "kind": "Tipo de archivo",
        "encoding": "Codificación",
        "sheet": "Hoja",
        "separator": "Separador",
        "file": "Sobre el archivo",
        "columns": "Columnas",
        "values": "datos",
        "numbers_es": "números como 1.234,5",
        "numbers_en": "números como 1,234.5",
        "row": "Fila",
        "refused": "RECHAZADO",
        "repaired": "REPARADO",
        "accepted": "ACEPTADO, con observaciones",
        "note": "nota",
        "flagged": "REVISAR",
        "rules": "Veces que se ha aplicado cada regla",
    },
    "eu": {
        "title": "«{name}» fitxategiaren txostena ({survey} inkesta, {wave} aldia)",
        "counts": "Errenkadak: {rows}. Onartuak: {accepted}. Konponduak: {repaired}. Baztertuak: {refused}.",
        "unread": "Fitxategia ezin izan da irakurri.",
        "kind": "Fitxategi mota",
        "encoding": "Kodeketa",
        "sheet": "Orria",
        "separator": "Bereizlea",
        "file": "Fitxategiaz",
        "columns": "Zutabeak",
        "values": "datuak",
        "numbers_es": "1.234,5 moduko zenbakiak",
        "numbers_en": "1,234.5 moduko zenbakiak",
        "row": "Errenkada",
        "refused": "BAZTERTUA",
        "repaired": "KONPONDUA",
        "accepted": "ONARTUA, oharrekin",
        "note": "oharra",
        "flagged": "BERRIKUSI",
        "rules": "Arau bakoitza zenbat aldiz aplikatu den",
    },
    "en": {
        "title": 'Report on "{name}" (survey {survey}, wave {wave})',
        "counts": "Rows: {rows}. Accepted: {accepted}. Repaired: {repaired}. Refused: {refused}.",
        "unread": "The file could not be read.",
        "kind": "Kind of file",
        "encoding": "Encoding",
        "sheet": "Sheet",
        "separator": "Separator",
        "file": "On the file",
        "columns": "Columns",
        "values": "figures",
        "numbers_es": "numbers like 1.234,5",
        "numbers_en": "numbers like 1,234.5",
        "row": "Row",
        "refused": "REFUSED",
        "repaired": "REPAIRED",
        "accepted": "ACCEPTED, with remarks",
        "note": "note",
        "flagged": "CHECK",
        "rules": "How often each rule applied",
    },
}

MISSING: dict[Language, dict[str, str]] = {
    "es": {"empty": "vacío", "no_data": "sin dato", "no_answer": "no contesta", "not_applicable": "no procede"},
    "eu": {"empty": "hutsik", "no_data": "daturik ez", "no_answer": "ez du erantzun", "not_applicable": "ez dagokio"},
    "en": {"empty": "empty", "no_data": "no data", "no_answer": "no answer", "not_applicable": "not applicable"},
}
