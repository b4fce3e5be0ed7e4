"""Codes of issuers and nationalities that a machine readable travel document may carry.

Sources: ISO 3166-1 alpha-3 (all 249 codes, 2026) and, for what ISO lacks, ICAO Doc 9303-3 section 5 as listed by the
public MRZ packages. A code that is missing here makes a reading doubtful, never a parse error.
"""

_ISO = """
ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS BIH
BLM BLR BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV CRI CUB
CUW CXR CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO
GGY GHA GIB GIN GLP GMB GNB GNQ GRC GRD GRL GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN
IRQ ISL ISR ITA JAM JEY JOR JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA
MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER
NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT REU ROU
RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA
TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR UMI URY USA UZB VAT VCT VEN VGB VIR VNM VUT
WLF WSM YEM ZAF ZMB ZWE
"""
ISO_CODES = frozenset(_ISO.split())
_ICAO = """
D GBD GBN GBO GBP GBS RKS XXK EUE UNO UNA UNK XBA XIM XCC XCE XCO XEC XPO XES XMP XOM XDC XXA XXB XXC XXX
ANT NTZ
"""
ICAO_CODES = frozenset(_ICAO.split())
"""Germany is printed D; RKS and XXK are Kosovo; X.. are organisations, stateless persons and refugees; ANT and NTZ
are historic; XMP is unconfirmed."""
STATUS_CODES = frozenset({"XXA", "XXB", "XXC", "XXX"})
"""A person's status instead of a nationality (stateless, refugee, unspecified): nobody issues under these."""
SPECIMEN_CODES = frozenset({"UTO"})
"""Utopia: specimens only, never a real document."""


def is_known(code: str) -> bool:
    """Whether `code` (fillers taken off) is an assigned or specimen code."""
    return code in ISO_CODES or code in ICAO_CODES or code in SPECIMEN_CODES
