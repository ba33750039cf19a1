"""The lexicon of German."""

from xstilts.miniature.events import MONTHS, WEEKDAYS, YEARS
from xstilts.miniature.languages.base import Tagger, series, table

tagged = Tagger("""
ADP: in im am an auf zum zur vom von nach für bei aus
DET: ein eine einen der die das den dem
PRON: sie er jemand wer wen wem was
ADV: wo wohin woher wann dann
AUX: wurde ist
PART: nicht
CCONJ: und aber
SCONJ: weil
NUM: zwei drei vier
PUNCT: , . ?
""")

NAMES = table("""
anna: Anna
maria: Maria
elena: Elena
sofia: Sofia
laura: Laura
clara: Clara Weber
nina: Nina
emma: Emma
leyla: Leyla Demir
priya: Priya Sharma
mei: Li Mei
vera: Vera
boris: Boris
peter: Peter
ivan: Iwan
david: David
martin: Martin Weber
oscar: Oskar
daniel: Daniel
thomas: Thomas
emre: Emre
ravi: Ravi
wei: Li Wei
karl: Karl
""")

CITIES = table("""
rome: Rom
paris: Paris
madrid: Madrid
berlin: Berlin
moscow: Moskau
london: London
istanbul: Istanbul
delhi: Delhi
beijing: Peking
cairo: Kairo
new_york: New York
cape_town: Kapstadt
""")

SITES = table("""
market: auf dem Markt | vom Markt | zum Markt
park: im Park | vom Park | zum Park
station: am Bahnhof | vom Bahnhof | zum Bahnhof
library: in der Bibliothek | von der Bibliothek | zur Bibliothek
museum: im Museum | vom Museum | zum Museum
""")

ORGANISATIONS = table("""
uni_rome: Universität Rom
uni_berlin: Universität Berlin
uni_delhi: Universität Delhi
uni_cairo: Universität Kairo
orion: Orion
atlas: Atlas
sonata: Sonata
globus: Globus
""")

_DAYS = series(WEEKDAYS, "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag")
_MONTHS = series(MONTHS, "Januar Februar März April Mai Juni Juli August September Oktober November Dezember")
TIMES = (
    {day: f"am {form}" for day, form in _DAYS.items()}
    | {month: f"im {form}" for month, form in _MONTHS.items()}
    | {year: f"im Jahr {year}" for year in YEARS}
)

NOUNS = table("""
book: n | Buch | Bücher
letter: m | Brief | Briefe
newspaper: f | Zeitung | Zeitungen
poem: n | Gedicht | Gedichte
car: n | Auto | Autos
bicycle: n | Fahrrad | Fahrräder
boat: n | Boot | Boote
bus: m | Bus | Busse
house: n | Haus | Häuser
bridge: f | Brücke | Brücken
tower: m | Turm | Türme
hotel: n | Hotel | Hotels
lamp: f | Lampe | Lampen
clock: f | Uhr | Uhren
bag: f | Tasche | Taschen
camera: f | Kamera | Kameras
door: f | Tür | Türen
window: n | Fenster | Fenster
box: f | Kiste | Kisten
suitcase: m | Koffer | Koffer
apple: m | Apfel | Äpfel
cake: m | Kuchen | Kuchen
fish: m | Fisch | Fische
pizza: f | Pizza | Pizzas
""")

ADJECTIVES = table("""
old: alt | alt
new: neu | neu
big: groß | groß
small: klein | klein
expensive: teuer | teur
cheap: billig | billig
red: rot | rot
blue: blau | blau
green: grün | grün
white: weiß | weiß
""")

VERBS = table("""
read: las | gelesen
write: schrieb | geschrieben
buy: kaufte | gekauft
sell: verkaufte | verkauft
find: fand
lose: verlor
build: baute | gebaut
destroy: zerstörte | zerstört
open: öffnete | geöffnet
close: schloss | geschlossen
repair: reparierte | repariert
damage: beschädigte | beschädigt
eat: aß | gegessen
steal: stahl | gestohlen
visit: besuchte
follow: folgte
help: half
see: sah
hug: umarmte
praise: lobte | gelobt
criticise: kritisierte | kritisiert
rescue: rettete | gerettet
give: gab
get: bekam
travel: reiste
fly: flog
go: ging
work: arbeitet
live: wohnt
study: studiert
laugh: lachte
cry: weinte
sing: sang
dance: tanzte
""")
