"""The lexicon of Hindi. Verbs are in the masculine singular, after the part that precedes the negation."""

from xstilts.miniature.events import MONTHS, WEEKDAYS, YEARS
from xstilts.miniature.languages.base import Tagger, series, table

tagged = Tagger("""
ADP: में पर को से का की ने द्वारा
DET: एक वह
PRON: कोई किसी किसने कौन क्या किसे किससे किसका किसकी किसके कहाँ कब उसने उसे
ADV: फिर
AUX: है
PART: नहीं
CCONJ: और लेकिन
SCONJ: क्योंकि
NUM: दो तीन चार
PUNCT: , । ?
""")

NAMES = table("""
anna: अन्ना
maria: मारिया
elena: एलेना
sofia: सोफिया
laura: लौरा
clara: क्लारा वेबर
nina: नीना
emma: एमा
leyla: लैला देमिर
priya: प्रिया शर्मा
mei: ली मेई
vera: वेरा
boris: बोरिस
peter: पीटर
ivan: इवान
david: डेविड
martin: मार्टिन वेबर
oscar: ऑस्कर
daniel: डैनियल
thomas: थॉमस
emre: एमरे
ravi: रवि
wei: ली वेई
karl: कार्ल
""")

CITIES = table("""
rome: रोम
paris: पेरिस
madrid: मैड्रिड
berlin: बर्लिन
moscow: मॉस्को
london: लंदन
istanbul: इस्तांबुल
delhi: दिल्ली
beijing: बीजिंग
cairo: काहिरा
new_york: न्यू यॉर्क
cape_town: केप टाउन
""")

SITES = table("""
market: बाज़ार में | बाज़ार
park: पार्क में | पार्क
station: स्टेशन पर | स्टेशन
library: पुस्तकालय में | पुस्तकालय
museum: संग्रहालय में | संग्रहालय
""")

ORGANISATIONS = table("""
uni_rome: [रोम विश्वविद्यालय]
uni_berlin: [बर्लिन विश्वविद्यालय]
uni_delhi: [दिल्ली विश्वविद्यालय]
uni_cairo: [काहिरा विश्वविद्यालय]
orion: [ओरियन] कंपनी
atlas: [एटलस] कंपनी
sonata: [सोनाटा] कंपनी
globus: [ग्लोबस] कंपनी
""")

_DAYS = series(WEEKDAYS, "सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार रविवार")
_MONTHS = series(MONTHS, "जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर")
TIMES = (
    {day: f"{form} को" for day, form in _DAYS.items()}
    | {month: f"{form} में" for month, form in _MONTHS.items()}
    | {year: f"{year} में" for year in YEARS}
)

NOUNS = table("""
book: f | किताब | किताबें
letter: f | चिट्ठी | चिट्ठियाँ
newspaper: m | अख़बार | अख़बार
poem: f | कविता | कविताएँ
car: f | कार | कारें
bicycle: f | साइकिल | साइकिलें
boat: f | नाव | नावें
bus: f | बस | बसें
house: m | घर | घर
bridge: m | पुल | पुल
tower: f | मीनार | मीनारें
hotel: m | होटल | होटल
lamp: m | लैंप | लैंप
clock: f | घड़ी | घड़ियाँ
bag: m | थैला | थैले
camera: m | कैमरा | कैमरे
door: m | दरवाज़ा | दरवाज़े
window: f | खिड़की | खिड़कियाँ
box: m | डिब्बा | डिब्बे
suitcase: m | सूटकेस | सूटकेस
apple: m | सेब | सेब
cake: m | केक | केक
fish: f | मछली | मछलियाँ
pizza: m | पिज़्ज़ा | पिज़्ज़ा
""")

ADJECTIVES = table("""
old: पुराना | पुरानी
new: नया | नई
big: बड़ा | बड़ी
small: छोटा | छोटी
expensive: महँगा | महँगी
cheap: सस्ता | सस्ती
red: लाल | लाल
blue: नीला | नीली
green: हरा | हरी
white: सफ़ेद | सफ़ेद
""")

VERBS = table("""
read: | पढ़ा
write: | लिखा
buy: | ख़रीदा
sell: | बेचा
find: | पाया
lose: | खोया
build: | बनाया
destroy: नष्ट | किया
open: | खोला
close: बंद | किया
repair: ठीक | किया
damage: ख़राब | किया
eat: | खाया
steal: | चुराया
visit: मिलने | गया
follow: पीछा | किया
help: मदद | की
see: | देखा
hug: गले | लगाया
praise: तारीफ़ | की
criticise: आलोचना | की
rescue: | बचाया
give: | दिया
get: | मिला
travel: | गया
fly: विमान से | गया
go: | गया
work: काम | करता
live: | रहता
study: | पढ़ता
laugh: | हँसा
cry: | रोया
sing: गाना | गाया
dance: | नाचा
""")
