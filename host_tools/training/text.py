"""Random MRZ texts to train on: valid MRZs of all formats, and random strings so that no language is learned."""

import numpy as np

from stillscan.mrz.alphabet import ALPHABET, DIGITS, FILLER, LETTERS
from stillscan.mrz.codes import ICAO_CODES, ISO_CODES
from stillscan.mrz.compose import compose
from stillscan.mrz.formats import FORMATS

_FORMAT_SHARES = {"TD3": 0.45, "TD1": 0.2, "TD2": 0.13, "MRV-A": 0.11, "MRV-B": 0.11}
_RANDOM_SHARE = 0.4
_INVENTED_NAME_SHARE = 0.3
_CODES = sorted(ISO_CODES | ICAO_CODES)
_FREQUENT = (
    "NOR",
    "SWE",
    "POL",
    "LTU",
    "D",
    "GBR",
    "FRA",
    "ESP",
    "ITA",
    "USA",
    "IND",
    "PHL",
    "SYR",
    "UKR",
    "CHN",
    "TUR",
)
# TD2: as many choices as there were with P, so that numbered strips and photographs stay what they are
_FIRST = {"TD3": ("P",), "TD1": ("I", "A", "C"), "TD2": ("I", "A", "C", "I"), "MRV-A": ("V",), "MRV-B": ("V",)}

# Common names by region, in MRZ spelling; people are made by drawing from them at random.
_SURNAME_TEXT = """
HANSEN JOHANSEN OLSEN LARSEN ANDERSEN PEDERSEN NILSEN KRISTIANSEN JENSEN KARLSEN JOHNSEN PETTERSEN ERIKSEN BERG HAUGEN
HAGEN JOHANNESSEN ANDREASSEN JACOBSEN DAHL HALVORSEN LIE MOEN OESTENBYEN AASE SOERENSEN JOHANSSON ANDERSSON KARLSSON
NILSSON ERIKSSON LINDQVIST SJOEBERG VIRTANEN KORHONEN MAEKINEN NOWAK KOWALSKI WISNIEWSKA WOJCIK KAMINSKA LEWANDOWSKI
ZIELINSKI SZYMANSKA WOZNIAK KOZLOWSKI KAZLAUSKAS PETRAUSKAS BALCIUNIENE TAMM SAAR OZOLS BERZINS KALNINS MUELLER
SCHMIDT SCHNEIDER FISCHER WEBER MEYER WAGNER BECKER SCHULZ HOFFMANN KOCH BAUER SMITH JONES TAYLOR BROWN WILLIAMS
WILSON OBRIEN MACDONALD WALKER WRIGHT HUGHES MARTIN BERNARD DUBOIS THOMAS ROBERT RICHARD PETIT DURAND LEROY MOREAU
GARCIA RODRIGUEZ GONZALEZ FERNANDEZ LOPEZ MARTINEZ SANCHEZ PEREZ GOMEZ DIAZ VAZQUEZ SILVA SANTOS OLIVEIRA SOUZA
PEREIRA FERREIRA ROSSI RUSSO FERRARI ESPOSITO BIANCHI ROMANO COLOMBO POPESCU IONESCU DUMITRU NAGY KOVACS TOTH SZABO
HORVATH NOVAK SVOBODA DVORAK IVANOV SMIRNOVA KUZNETSOV POPOV SOKOLOVA MELNYK SHEVCHENKO BONDARENKO KOVALENKO YILMAZ
KAYA DEMIR SAHIN CELIK PAPADOPOULOS KHAN AHMED HUSSAIN ALI SHAH MALIK IQBAL SINGH KUMAR SHARMA PATEL GUPTA REDDY DAS
NGUYEN TRAN LE PHAM HOANG VO WANG LI ZHANG LIU CHEN YANG HUANG ZHAO WU ZHOU XU KIM LEE PARK CHOI JUNG SATO SUZUKI
TAKAHASHI TANAKA WATANABE YAMAMOTO REYES CRUZ BAUTISTA OCAMPO MOHAMED HASSAN ABDI WARSAME FARAH IBRAHIM ABEBE TESFAYE
GEBRE OKAFOR ADEYEMI MENSAH OWUSU DIALLO TRAORE ALHASSAN ALJASIM KHALIL HADDAD NASSER QADIR YUSUF ZAHRA AL KAABI VAN
DEN BERG DE VRIES JANSSEN EL SANTOS XHAKA HOXHA JOVANOVIC PETROVIC KOVACEVIC BABIC QURESHI JAVED JIMENEZ QUISPE MAMANI
VASQUEZ FLORES
"""
_SURNAMES = _SURNAME_TEXT.split()
_GIVEN_TEXT = """
JAN KARI OLA ANNE INGRID LARS KNUT MARIT SIGRID BJOERN OEYSTEIN AASE NORA EMMA JAKOB LUCAS OLIVER FILIP SOFIE MAJA
ANNA MARIA ERIK JOHAN MIKAEL ASTRID JUHANI HELENA PIOTR KRZYSZTOF ANDRZEJ TOMASZ JOANNA KATARZYNA MAGDALENA AGNIESZKA
JONAS RASA BIRUTE JANIS ILZE HANS PETER WOLFGANG URSULA HEIKE JUERGEN JAMES JOHN ROBERT MICHAEL WILLIAM DAVID
ELIZABETH JENNIFER SARAH JESSICA JEAN PIERRE MICHEL NATHALIE ISABELLE CAMILLE ANTONIO JOSE MANUEL FRANCISCO CARMEN
DOLORES JUAN LUIS JOAO PAULO GIUSEPPE GIOVANNI FRANCESCA GIULIA ALEXANDRU ELENA ISTVAN ZSOFIA JIRI TEREZA SERGEI
OLEKSANDR DMYTRO OKSANA TETIANA MEHMET MUSTAFA AYSE FATMA EMINE GEORGIOS MUHAMMAD AHMED FATIMA AISHA OMAR YUSUF HASSAN
HUSSEIN ZAINAB KHADIJA ABDULLAH ABDIRAHMAN HODAN PRIYA RAJESH SUNITA ANJALI VIKRAM GURPREET THI VAN MINH ANH WEI FANG
JING XIUYING QIANG YAN MIN JI HYUN SEO YEON HIROSHI YUKI SAKURA KENJI MARIA CRISTINA JUN REY SAMUEL ESTHER KWAME AMA
CHINONSO OLUWASEUN FATOUMATA MAMADOU TEKLE SELAM ALI NOUR LAYLA SAMIR RANIA KARIM ZOE XENIA QUENTIN WANDA VICTORIA
BJARNE ZBIGNIEW JELENA
"""
_GIVEN = _GIVEN_TEXT.split()


def _letters(rng: np.random.Generator, size: int) -> str:
    return "".join(rng.choice(list(LETTERS), size))


def _name_part(rng: np.random.Generator, names: list[str], most: int) -> str:
    """Up to `most` words joined by single fillers; some are invented so that every pair of letters occurs."""
    words = [
        _letters(rng, int(rng.integers(1, 13)))
        if rng.random() < _INVENTED_NAME_SHARE
        else names[int(rng.integers(len(names)))]
        for _ in range(int(rng.integers(1, most + 1)))
    ]
    return FILLER.join(words)


def _date(rng: np.random.Generator, first_year: int, last_year: int) -> str:
    year = int(rng.integers(first_year, last_year + 1))
    return f"{year % 100:02d}{rng.integers(1, 13):02d}{rng.integers(1, 29):02d}"


def _code(rng: np.random.Generator) -> str:
    return str(rng.choice(_FREQUENT) if rng.random() < 0.5 else rng.choice(_CODES))


def _mixed(rng: np.random.Generator, size: int, letters: float) -> str:
    """Digits and letters of a document number or of optional data; `letters` is the share of letters."""
    return "".join(str(rng.choice(list(LETTERS if rng.random() < letters else DIGITS))) for _ in range(size))


def mrz(rng: np.random.Generator) -> tuple[str, ...]:
    """Lines of a valid MRZ of an invented person, in a random format."""
    form = str(rng.choice(list(_FORMAT_SHARES), p=list(_FORMAT_SHARES.values())))
    issuer = _code(rng)
    names_room = FORMATS[form].names.end - FORMATS[form].names.first
    optional = tuple(
        "" if rng.random() < 0.5 else _mixed(rng, int(rng.integers(1, span.end - span.first + 1)), rng.random() * 0.5)
        for span in FORMATS[form].optional
    )
    primary = _name_part(rng, _SURNAMES, 3)[: names_room - 3]
    return compose(
        form,
        code=str(rng.choice(_FIRST[form])) + (FILLER if rng.random() < 0.6 else _letters(rng, 1)),
        issuer=issuer,
        primary=primary,
        secondary=_name_part(rng, _GIVEN, 4),
        number=_mixed(rng, int(rng.integers(7, 10)), float(rng.choice([0.0, 0.15, 0.5]))),
        nationality=issuer if rng.random() < 0.8 else _code(rng),
        birth=_date(rng, 1930, 2025),
        sex=str(rng.choice(["M", "F", FILLER], p=[0.48, 0.48, 0.04])),
        expiry=_date(rng, 2015, 2036),
        optional=optional,
    )


def line(rng: np.random.Generator) -> str:
    """One line of 44, 36 or 30 characters: of a valid MRZ, or random characters with runs of fillers."""
    if rng.random() >= _RANDOM_SHARE:
        lines = mrz(rng)
        return lines[int(rng.integers(len(lines)))]
    size = int(rng.choice([44, 44, 36, 30]))
    # one random mixture of digits, letters and fillers a line, so that runs of each kind occur
    share = rng.dirichlet([1.0, 2.0, 0.6])
    weights = np.repeat(share / (10, 26, 1), (10, 26, 1))
    return "".join(ALPHABET[index] for index in rng.choice(37, size, p=weights / weights.sum()))
