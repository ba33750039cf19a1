"""The lexicon of English."""

from xstilts.miniature.events import MONTHS, WEEKDAYS, YEARS
from xstilts.miniature.languages.base import Tagger, table

tagged = Tagger("""
ADP: in on at to from by for of
DET: a an the
PRON: she he somebody who whom what
ADV: where when then
AUX: did does was is
PART: not
CCONJ: and but
SCONJ: because
NUM: two three four
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
ivan: Ivan
david: David
martin: Martin Weber
oscar: Oscar
daniel: Daniel
thomas: Thomas
emre: Emre
ravi: Ravi
wei: Li Wei
karl: Karl
""")

CITIES = table("""
rome: Rome
paris: Paris
madrid: Madrid
berlin: Berlin
moscow: Moscow
london: London
istanbul: Istanbul
delhi: Delhi
beijing: Beijing
cairo: Cairo
new_york: New York
cape_town: Cape Town
""")

SITES = table("""
market: at | market
park: in | park
station: at | station
library: in | library
museum: in | museum
""")

ORGANISATIONS = table("""
uni_rome: University of Rome
uni_berlin: University of Berlin
uni_delhi: University of Delhi
uni_cairo: University of Cairo
orion: Orion
atlas: Atlas
sonata: Sonata
globus: Globus
""")

TIMES = (
    {day: f"on {day.title()}" for day in WEEKDAYS}
    | {month: f"in {month.title()}" for month in MONTHS}
    | {year: f"in {year}" for year in YEARS}
)

NOUNS = table("""
book: book | books
letter: letter | letters
newspaper: newspaper | newspapers
poem: poem | poems
car: car | cars
bicycle: bicycle | bicycles
boat: boat | boats
bus: bus | buses
house: house | houses
bridge: bridge | bridges
tower: tower | towers
hotel: hotel | hotels
lamp: lamp | lamps
clock: clock | clocks
bag: bag | bags
camera: camera | cameras
door: door | doors
window: window | windows
box: box | boxes
suitcase: suitcase | suitcases
apple: apple | apples
cake: cake | cakes
fish: fish | fish
pizza: pizza | pizzas
""")

ADJECTIVES = table("""
old: old
new: new
big: big
small: small
expensive: expensive
cheap: cheap
red: red
blue: blue
green: green
white: white
""")

VERBS = table("""
read: read | read | read
write: wrote | write | written
buy: bought | buy | bought
sell: sold | sell | sold
find: found | find
lose: lost | lose
build: built | build | built
destroy: destroyed | destroy | destroyed
open: opened | open | opened
close: closed | close | closed
repair: repaired | repair | repaired
damage: damaged | damage | damaged
eat: ate | eat | eaten
steal: stole | steal | stolen
visit: visited | visit
follow: followed | follow
help: helped | help
see: saw | see
hug: hugged | hug
praise: praised | praise | praised
criticise: criticised | criticise | criticised
rescue: rescued | rescue | rescued
give: gave | give
get: got | get
travel: travelled | travel
fly: flew | fly
go: went | go
work: works | work
live: lives | live
study: studies | study
laugh: laughed | laugh
cry: cried | cry
sing: sang | sing
dance: danced | dance
""")
