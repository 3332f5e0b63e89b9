"""What exports say beside the figures, in Spanish, Basque and English.

Belongs here: the one catalogue of words of the workbook and of the labels in open formats. Does not belong here: names
and definitions of indicators (sql/indicators), names of places (data/catalogue), words of the site.

A text is a tuple of Spanish, Basque and English; words in braces are filled in.
"""

from __future__ import annotations

Text = tuple[str, str, str]
ORDER = ("es", "eu", "en")


def words(text: Text, language: str, **facts: object) -> str:
    """A text in a language, with its facts filled in."""
    found = text[ORDER.index(language)]
    return found.format(**facts) if facts else found


COLUMNS: dict[str, Text] = {
    "indicator": ("indicador", "adierazlea", "indicator"),
    "variant": ("variante", "aldaera", "variant"),
    "geo": ("lugar (código)", "lekua (kodea)", "place (code)"),
    "place": ("lugar", "lekua", "place"),
    "activity": ("actividad", "jarduera", "activity"),
    "period": ("periodo", "aldia", "period"),
    "value": ("valor", "balioa", "value"),
    "unit": ("unidad", "unitatea", "unit"),
    "status": ("estado", "egoera", "status"),
    "lower": ("límite inferior", "behe-muga", "lower bound"),
    "upper": ("límite superior", "goi-muga", "upper bound"),
    "n": ("casos", "kasuak", "cases"),
    "comparator": ("comparado con", "honekin alderatuta", "compared with"),
    "provenance": ("procedencia", "jatorria", "provenance"),
    "sources": ("fuentes", "iturriak", "sources"),
    "mark": ("aviso", "oharra", "notice"),
    "measure": ("medida", "neurria", "measure"),
    "not_applicable": ("no procede", "ez dagokio", "not applicable"),
}

ABOUT_COLUMNS: dict[str, Text] = {
    "indicator": ("Identificador del indicador.", "Adierazlearen identifikatzailea.", "Id of the indicator."),
    "variant": (
        "Cuál de las definiciones del indicador: conjunto de actividades, método, ventana; en palabras, más abajo.",
        "Adierazlearen zein definizio den: jarduera-multzoa, metodoa, leihoa; hitzez, beherago.",
        "Which of the indicator's definitions: set of activities, method, window; in words further down.",
    ),
    "geo": (
        "Código del lugar (NUTS 2024 si lo tiene).",
        "Lekuaren kodea (NUTS 2024, baldin badu).",
        "Code of the place (NUTS 2024 if it has one).",
    ),
    "place": ("Nombre del lugar.", "Lekuaren izena.", "Name of the place."),
    "activity": (
        "Actividad con su clasificación, p. ej. NACE2:J.",
        "Jarduera bere sailkapenarekin, adib. NACE2:J.",
        "Activity with its classification, e.g. NACE2:J.",
    ),
    "period": (
        "Año, o primer y último año de una ventana.",
        "Urtea, edo leiho baten lehen eta azken urtea.",
        "Year, or first and last year of a window.",
    ),
    "value": (
        "La cifra, en su unidad; vacía si falta o es confidencial.",
        "Zifra, bere unitatean; hutsik, falta bada edo isilpekoa bada.",
        "The figure, in its unit; empty where it is missing or confidential.",
    ),
    "unit": (
        "Unidad del valor y de sus límites.",
        "Balioaren eta mugen unitatea.",
        "Unit of the value and its bounds.",
    ),
    "status": (
        "Letras de estado SDMX; véase arriba.",
        "SDMX egoera-letrak; ikus goian.",
        "Letters of SDMX status; see above.",
    ),
    "lower": (
        "Límite inferior del intervalo que dice la definición.",
        "Definizioak dioen tartearen behe-muga.",
        "Lower bound of the interval that the definition states.",
    ),
    "upper": ("Límite superior de ese intervalo.", "Tarte horren goi-muga.", "Upper bound of that interval."),
    "n": (
        "Observaciones, casos o empleos tras la cifra, donde tiene sentido.",
        "Zifraren atzeko behaketak, kasuak edo lanpostuak, zentzua duenean.",
        "Observations, cases or jobs behind the figure, where it has meaning.",
    ),
    "comparator": (
        "Lugar con el que se compara, si lo hay.",
        "Zein lekurekin alderatzen den, baldin badago.",
        "Place compared with, where there is one.",
    ),
    "provenance": (
        "La más débil de los datos usados.",
        "Erabilitako datuen artean ahulena.",
        "The weakest of the inputs.",
    ),
    "sources": (
        "Identificadores de las tablas de origen, separados por punto y coma.",
        "Iturburuko taulen identifikatzaileak, puntu eta komaz bereizita.",
        "Ids of the source tables, separated by semicolons.",
    ),
    "mark": (
        "Dice si la fila es inventada.",
        "Errenkada asmatua den esaten du.",
        "Says whether the row is made up.",
    ),
}

STATUSES: dict[str, Text] = {
    "A": ("normal", "normala", "normal"),
    "B": ("ruptura de la serie", "serie-etena", "break in the series"),
    "C": ("confidencial", "isilpekoa", "confidential"),
    "D": ("la definición difiere", "definizioa desberdina da", "definition differs"),
    "E": ("estimado", "zenbatetsia", "estimated"),
    "F": ("previsión", "aurreikuspena", "forecast"),
    "M": ("falta la cifra", "zifra falta da", "missing"),
    "N": ("no significativo", "ez da esanguratsua", "not significant"),
    "P": ("provisional", "behin-behinekoa", "provisional"),
    "U": ("poca fiabilidad", "fidagarritasun txikia", "low reliability"),
}

PROVENANCES: dict[str, Text] = {
    "official": ("estadística oficial", "estatistika ofiziala", "official statistics"),
    "survey": ("encuesta a empresas", "enpresa-inkesta", "firm survey"),
    "programme": ("registros del programa", "programaren erregistroak", "programme registers"),
    "synthetic": ("datos inventados", "datu asmatuak", "made-up data"),
}

TOPICS: dict[str, Text] = {
    "ict_mfg": ("TIC e industria", "IKT eta industria", "ICT and manufacturing"),
    "kibs": ("KIBS", "KIBS", "KIBS"),
    "serv": ("Servitización", "Zerbitizazioa", "Servitization"),
    "io": ("Cadena y clientes", "Katea eta bezeroak", "Supply chain and clients"),
    "svy": ("Encuestas", "Inkestak", "Surveys"),
    "hub": ("Bilbao como hub", "Bilbo hub gisa", "Bilbao as a hub"),
    "structure": ("Estructura", "Egitura", "Structure"),
    "bench": ("Comparación", "Alderaketa", "Benchmarking"),
    "programme": ("Seguimiento del programa", "Programaren jarraipena", "Programme monitoring"),
    "other": ("Otros", "Besteak", "Other"),
}
TOPIC_OF = {
    "ict": "ict_mfg",
    "mfg": "ict_mfg",
    "pm": "programme",
    "kibs": "kibs",
    "serv": "serv",
    "io": "io",
    "client": "io",
    "svy": "svy",
    "hub": "hub",
    **dict.fromkeys(("agg", "conc", "div", "eci", "rel", "shift", "spec"), "structure"),
    **dict.fromkeys(("bench", "conv"), "bench"),
}
"""Topic by the first word of an indicator's id."""

WORKBOOK: dict[str, Text] = {
    "contents": ("Contenido", "Edukia", "Contents"),
    "definitions": ("Definiciones", "Definizioak", "Definitions"),
    "flags": ("Estados y columnas", "Egoerak eta zutabeak", "Flags and columns"),
    "release": (
        "Publicación {release}, de {day}",
        "{release} argitalpena, {day}",
        "Release {release}, {day}",
    ),
    "licence": ("Licencia", "Lizentzia", "Licence"),
    "cite": ("Cómo citar", "Nola aipatu", "How to cite"),
    "commit": ("Versión del programa", "Programaren bertsioa", "Version of the program"),
    "made_up": (
        "Atención: {rows} de {all} filas son datos inventados (en naranja); no prueban nada.",
        "Kontuz: {all} errenkadatik {rows} datu asmatuak dira (laranjaz); ez dute ezer frogatzen.",
        "Beware: {rows} of {all} rows are made-up data (in orange); they are evidence of nothing.",
    ),
    "all_real": (
        "Ninguna fila es inventada.",
        "Errenkada bat ere ez da asmatua.",
        "No row is made up.",
    ),
    "mark": ("INVENTADO", "ASMATUA", "MADE UP"),
    "back": ("← Contenido", "← Edukia", "← Contents"),
    "topic": ("Tema", "Gaia", "Topic"),
    "name": ("Nombre", "Izena", "Name"),
    "rows": ("Filas", "Errenkadak", "Rows"),
    "made_up_rows": ("Filas inventadas", "Errenkada asmatuak", "Made-up rows"),
    "definition": ("Definición", "Definizioa", "Definition"),
    "caveats": ("Advertencias", "Ohartarazpenak", "Caveats"),
    "reference": ("Referencia", "Erreferentzia", "Reference"),
    "updated": ("Última actualización de la fuente", "Iturriaren azken eguneratzea", "Last update of the source"),
    "letter": ("Letra", "Letra", "Letter"),
    "meaning": ("Significado", "Esanahia", "Meaning"),
    "column": ("Columna", "Zutabea", "Column"),
    "several": (
        "Varias letras juntas valen todas: MP es una cifra que falta y es provisional.",
        "Letra bat baino gehiago elkarrekin, denak betetzen dira: MP behin-behineko zifra bat da, falta dena.",
        "Several letters hold together: MP is a provisional figure that is missing.",
    ),
    "chart_made_up": (
        "{title} [datos inventados]",
        "{title} [datu asmatuak]",
        "{title} [made-up data]",
    ),
    "named": (
        "Cada indicador es un bloque con nombre: escriba su identificador en el cuadro de nombres.",
        "Adierazle bakoitza izendun bloke bat da: idatzi haren identifikatzailea izenen koadroan.",
        "Each indicator is a named block: write its id into the name box.",
    ),
}


def topic(indicator: str) -> str:
    """Topic of an indicator, by the first word of its id."""
    return TOPIC_OF.get(indicator.split("_", maxsplit=1)[0], "other")
