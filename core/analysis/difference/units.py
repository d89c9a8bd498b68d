"""Units, each a multiple of one, so that 5 minutes and 300 seconds are the same number; number words of some languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["MULTIPLES", "NUMBER_WORDS", "ORDINAL_WORDS", "UNITS"]


def _table(lines: str) -> dict[str, tuple[str, float]]:
    found: dict[str, tuple[str, float]] = {}
    for line in lines.strip().splitlines():
        dimension, factor, names = line.split(maxsplit=2)
        found |= dict.fromkeys(names.split(), (dimension, float(factor)))
    return found


# Dimension, how many of its base unit, names. Months and years are dimensions of their own: they have no fixed length.
# A kilobyte has 1,024 bytes here, as nearly everybody who writes of memory means it.
UNITS: Final[Mapping[str, tuple[str, float]]] = _table("""
time 1e-9 ns nanosecond nanoseconds
time 1e-6 µs us microsecond microseconds
time 1e-3 ms msec msecs millisecond milliseconds millisekunden
time 1 s sec secs second seconds sekunde sekunden seconde secondes segundo segundos secondi
time 60 min mins minute minutes minuten minuto minutos minuti
time 3600 h hr hrs hour hours stunde stunden heure heures hora horas ore
time 86400 d day days tag tage tagen jour jours día días dias giorni dagen
time 604800 week weeks wk wks woche wochen semaine semaines semana semanas settimane
months 1 month months monat monate monaten mois mes meses mesi
months 3 quarter quarters
months 12 year years yr yrs jahr jahre jahren an ans année années año años anni ano anos
bytes 0.125 bit bits
bytes 1 b byte bytes
bytes 1024 kb kib kilobyte kilobytes
bytes 1048576 mb mib megabyte megabytes
bytes 1073741824 gb gib gigabyte gigabytes gig gigs
bytes 1099511627776 tb tib terabyte terabytes
bitrate 1e3 kbps kbit
bitrate 1e6 mbps mbit
bitrate 1e9 gbps gbit
frequency 1 hz hertz rps qps req/s
frequency 1e3 khz
frequency 1e6 mhz
frequency 1e9 ghz
length 1e-3 mm millimeter millimetre millimeters millimetres
length 1e-2 cm centimeter centimetre centimeters centimetres
length 1 m meter metre meters metres
length 1000 km kilometer kilometre kilometers kilometres
length 0.0254 inch inches
length 0.3048 ft foot feet
length 0.9144 yard yards
length 1609.344 mile miles
mass 1e-3 mg milligram milligrams
mass 1 g gram grams
mass 1000 kg kilo kilos kilogram kilograms
mass 453.59237 lb lbs pound_weight
mass 1e6 tonne tonnes
share 0.01 % percent per_cent pct prozent pourcent procent
share 0.0001 bp bps
celsius 1 °c celsius
fahrenheit 1 °f fahrenheit
degree 1 ° degree degrees
volume 1 l liter litre liters litres
power 1 w watt watts
power 1000 kw kilowatt kilowatts
energy 1 wh
energy 1000 kwh
dollar 1 $ usd dollar dollars us$
dollar 0.01 cent cents
euro 1 € eur euro euros
pound 1 £ gbp pound pounds quid
yen 1 ¥ jpy yen
rupee 1 ₹ inr rupee rupees
times 1 x times fold mal fois veces
tokens 1 token tokens
""")

MULTIPLES: Final[Mapping[str, float]] = {
    "k": 1e3, "thousand": 1e3, "thousands": 1e3, "tausend": 1e3, "mille": 1e3, "mil": 1e3, "hundred": 1e2, "hundert": 1e2,
    "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "millions": 1e6, "millionen": 1e6, "millón": 1e6, "millones": 1e6,
    "bn": 1e9, "billion": 1e9, "billions": 1e9, "milliarden": 1e9, "milliard": 1e9, "trillion": 1e12, "dozen": 12.0,
    "lakh": 1e5, "crore": 1e7,
}  # fmt: skip


def _numbers(lines: str) -> dict[str, float]:
    return {word: float(value) for line in lines.strip().splitlines() for value, *words in [line.split()] for word in words}


# "one" is left out, which is mostly a pronoun or an article, and so is the German "elf", which is English.
NUMBER_WORDS: Final[Mapping[str, float]] = _numbers("""
0 zero null
2 two both twice zwei deux dos due dois twee два couple pair
3 three drei trois tres tre três drie три thrice
4 four vier quatre cuatro quattro quatro четыре
5 five fünf cinq cinco cinque vijf пять
6 six sechs seis sei zes шесть
7 seven sieben sept siete sette sete zeven семь
8 eight acht huit ocho otto oito восемь
9 nine neun neuf nueve nove negen девять
10 ten zehn diez dieci dez tien десять
11 eleven
12 twelve zwölf douze doce dodici doze twaalf dozen
13 thirteen
14 fourteen
15 fifteen
16 sixteen
17 seventeen
18 eighteen
19 nineteen
20 twenty zwanzig vingt veinte venti vinte
30 thirty dreißig trente treinta trenta trinta
40 forty vierzig quarante cuarenta quaranta quarenta
50 fifty fünfzig cinquante cincuenta cinquanta cinquenta
60 sixty
70 seventy
80 eighty
90 ninety
100 hundred hundert
1000 thousand tausend
1000000 million
""")
ORDINAL_WORDS: Final[Mapping[str, float]] = _numbers("""
1 first erste ersten primero premier
2 second zweite zweiten segundo deuxième
3 third dritte dritten tercero troisième
4 fourth
5 fifth
6 sixth
7 seventh
8 eighth
9 ninth
10 tenth
""")
