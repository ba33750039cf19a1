"""The lexicon of Spanish."""

from xstilts.miniature.events import MONTHS, WEEKDAYS, YEARS
from xstilts.miniature.languages.base import Tagger, series, table

tagged = Tagger("""
ADP: en a de por al del
DET: un una el la
PRON: ella él alguien quién qué le
ADV: dónde adónde cuándo luego no
AUX: fue es
CCONJ: y e pero
SCONJ: porque
NUM: dos tres cuatro
PUNCT: , . ? ¿
""")

NAMES = table("""
anna: Ana
maria: María
elena: Elena
sofia: Sofía
laura: Laura
clara: Clara Weber
nina: Nina
emma: Emma
leyla: Leyla Demir
priya: Priya Sharma
mei: Li Mei
vera: Vera
boris: Borís
peter: Peter
ivan: Iván
david: David
martin: Martín Weber
oscar: Óscar
daniel: Daniel
thomas: Tomás
emre: Emre
ravi: Ravi
wei: Li Wei
karl: Karl
""")

CITIES = table("""
rome: Roma
paris: París
madrid: Madrid
berlin: Berlín
moscow: Moscú
london: Londres
istanbul: Estambul
delhi: Delhi
beijing: Pekín
cairo: El Cairo
new_york: Nueva York
cape_town: Ciudad del Cabo
""")

SITES = table("""
market: en el mercado | del mercado | al mercado
park: en el parque | del parque | al parque
station: en la estación | de la estación | a la estación
library: en la biblioteca | de la biblioteca | a la biblioteca
museum: en el museo | del museo | al museo
""")

ORGANISATIONS = table("""
uni_rome: Universidad de Roma
uni_berlin: Universidad de Berlín
uni_delhi: Universidad de Delhi
uni_cairo: Universidad de El Cairo
orion: Orion
atlas: Atlas
sonata: Sonata
globus: Globus
""")

_DAYS = series(WEEKDAYS, "lunes martes miércoles jueves viernes sábado domingo")
_MONTHS = series(MONTHS, "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre")
TIMES = (
    {day: f"el {form}" for day, form in _DAYS.items()}
    | {month: f"en {form}" for month, form in _MONTHS.items()}
    | {year: f"en {year}" for year in YEARS}
)

NOUNS = table("""
book: m | libro | libros
letter: f | carta | cartas
newspaper: m | periódico | periódicos
poem: m | poema | poemas
car: m | coche | coches
bicycle: f | bicicleta | bicicletas
boat: m | barco | barcos
bus: m | autobús | autobuses
house: f | casa | casas
bridge: m | puente | puentes
tower: f | torre | torres
hotel: m | hotel | hoteles
lamp: f | lámpara | lámparas
clock: m | reloj | relojes
bag: f | bolsa | bolsas
camera: f | cámara | cámaras
door: f | puerta | puertas
window: f | ventana | ventanas
box: f | caja | cajas
suitcase: f | maleta | maletas
apple: f | manzana | manzanas
cake: m | pastel | pasteles
fish: m | pescado | pescados
pizza: f | pizza | pizzas
""")

ADJECTIVES = table("""
old: viejo | vieja
new: nuevo | nueva
big: grande | grande
small: pequeño | pequeña
expensive: caro | cara
cheap: barato | barata
red: rojo | roja
blue: azul | azul
green: verde | verde
white: blanco | blanca
""")

VERBS = table("""
read: leyó | leído
write: escribió | escrito
buy: compró | comprado
sell: vendió | vendido
find: encontró
lose: perdió
build: construyó | construido
destroy: destruyó | destruido
open: abrió | abierto
close: cerró | cerrado
repair: reparó | reparado
damage: dañó | dañado
eat: comió | comido
steal: robó | robado
visit: visitó
follow: siguió
help: ayudó
see: vio
hug: abrazó
praise: elogió | elogiado
criticise: criticó | criticado
rescue: rescató | rescatado
give: dio
get: recibió
travel: viajó
fly: voló
go: fue
work: trabaja
live: vive
study: estudia
laugh: rio
cry: lloró
sing: cantó
dance: bailó
""")
