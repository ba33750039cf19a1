"""The lexicon of Turkish. All suffixed forms are listed: people have four cases, verbs their question particle."""

from xstilts.miniature.events import MONTHS, WEEKDAYS, YEARS
from xstilts.miniature.languages.base import Tagger, series, table

tagged = Tagger("""
ADP: tarafından
DET: bir
PRON: o biri kim kimi kime kimden ne nerede nereye nereden
ADV: sonra
AUX: mı mi mu mü değil
CCONJ: ve ama çünkü
NUM: iki üç dört
PUNCT: , . ?
""")

NAMES = table("""
anna: Anna | Anna'yı | Anna'ya | Anna'dan
maria: Maria | Maria'yı | Maria'ya | Maria'dan
elena: Elena | Elena'yı | Elena'ya | Elena'dan
sofia: Sofia | Sofia'yı | Sofia'ya | Sofia'dan
laura: Laura | Laura'yı | Laura'ya | Laura'dan
clara: Clara Weber | Clara Weber'i | Clara Weber'e | Clara Weber'den
nina: Nina | Nina'yı | Nina'ya | Nina'dan
emma: Emma | Emma'yı | Emma'ya | Emma'dan
leyla: Leyla Demir | Leyla Demir'i | Leyla Demir'e | Leyla Demir'den
priya: Priya Sharma | Priya Sharma'yı | Priya Sharma'ya | Priya Sharma'dan
mei: Li Mei | Li Mei'yi | Li Mei'ye | Li Mei'den
vera: Vera | Vera'yı | Vera'ya | Vera'dan
boris: Boris | Boris'i | Boris'e | Boris'ten
peter: Peter | Peter'i | Peter'e | Peter'den
ivan: İvan | İvan'ı | İvan'a | İvan'dan
david: David | David'i | David'e | David'den
martin: Martin Weber | Martin Weber'i | Martin Weber'e | Martin Weber'den
oscar: Oscar | Oscar'ı | Oscar'a | Oscar'dan
daniel: Daniel | Daniel'i | Daniel'e | Daniel'den
thomas: Thomas | Thomas'ı | Thomas'a | Thomas'tan
emre: Emre | Emre'yi | Emre'ye | Emre'den
ravi: Ravi | Ravi'yi | Ravi'ye | Ravi'den
wei: Li Wei | Li Wei'yi | Li Wei'ye | Li Wei'den
karl: Karl | Karl'ı | Karl'a | Karl'dan
""")

CITIES = table("""
rome: Roma'da | Roma'dan | Roma'ya
paris: Paris'te | Paris'ten | Paris'e
madrid: Madrid'de | Madrid'den | Madrid'e
berlin: Berlin'de | Berlin'den | Berlin'e
moscow: Moskova'da | Moskova'dan | Moskova'ya
london: Londra'da | Londra'dan | Londra'ya
istanbul: İstanbul'da | İstanbul'dan | İstanbul'a
delhi: Delhi'de | Delhi'den | Delhi'ye
beijing: Pekin'de | Pekin'den | Pekin'e
cairo: Kahire'de | Kahire'den | Kahire'ye
new_york: New York'ta | New York'tan | New York'a
cape_town: Cape Town'da | Cape Town'dan | Cape Town'a
""")

SITES = table("""
market: pazarda | pazardan | pazara
park: parkta | parktan | parka
station: istasyonda | istasyondan | istasyona
library: kütüphanede | kütüphaneden | kütüphaneye
museum: müzede | müzeden | müzeye
""")

ORGANISATIONS = table("""
uni_rome: [Roma Üniversitesi] | [Roma Üniversitesi'nde]
uni_berlin: [Berlin Üniversitesi] | [Berlin Üniversitesi'nde]
uni_delhi: [Delhi Üniversitesi] | [Delhi Üniversitesi'nde]
uni_cairo: [Kahire Üniversitesi] | [Kahire Üniversitesi'nde]
orion: [Orion] şirketi | [Orion] şirketinde
atlas: [Atlas] şirketi | [Atlas] şirketinde
sonata: [Sonata] şirketi | [Sonata] şirketinde
globus: [Globus] şirketi | [Globus] şirketinde
""")

_DAYS = series(WEEKDAYS, "pazartesi salı çarşamba perşembe cuma cumartesi pazar")
_MONTHS = series(MONTHS, "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık")
TIMES = (
    {day: f"{form} günü" for day, form in _DAYS.items()}
    | {month: f"{form} ayında" for month, form in _MONTHS.items()}
    | {year: f"{year} yılında" for year in YEARS}
)

NOUNS = table("""
book: kitap | kitabı
letter: mektup | mektubu
newspaper: gazete | gazeteyi
poem: şiir | şiiri
car: araba | arabayı
bicycle: bisiklet | bisikleti
boat: tekne | tekneyi
bus: otobüs | otobüsü
house: ev | evi
bridge: köprü | köprüyü
tower: kule | kuleyi
hotel: otel | oteli
lamp: lamba | lambayı
clock: saat | saati
bag: çanta | çantayı
camera: kamera | kamerayı
door: kapı | kapıyı
window: pencere | pencereyi
box: kutu | kutuyu
suitcase: bavul | bavulu
apple: elma | elmayı
cake: pasta | pastayı
fish: balık | balığı
pizza: pizza | pizzayı
""")

ADJECTIVES = table("""
old: eski | mi
new: yeni | mi
big: büyük | mü
small: küçük | mü
expensive: pahalı | mı
cheap: ucuz | mu
red: kırmızı | mı
blue: mavi | mi
green: yeşil | mi
white: beyaz | mı
""")

VERBS = table("""
read: okudu | okumadı | mu | okundu
write: yazdı | yazmadı | mı | yazıldı
buy: satın aldı | satın almadı | mı | satın alındı
sell: sattı | satmadı | mı | satıldı
find: buldu | bulmadı | mu
lose: kaybetti | kaybetmedi | mi
build: inşa etti | inşa etmedi | mi | inşa edildi
destroy: yıktı | yıkmadı | mı | yıkıldı
open: açtı | açmadı | mı | açıldı
close: kapattı | kapatmadı | mı | kapatıldı
repair: tamir etti | tamir etmedi | mi | tamir edildi
damage: bozdu | bozmadı | mu | bozuldu
eat: yedi | yemedi | mi | yendi
steal: çaldı | çalmadı | mı | çalındı
visit: ziyaret etti | ziyaret etmedi | mi
follow: takip etti | takip etmedi | mi
help: yardım etti | yardım etmedi | mi
see: gördü | görmedi | mü
hug: kucakladı | kucaklamadı | mı
praise: övdü | övmedi | mü | övüldü
criticise: eleştirdi | eleştirmedi | mi | eleştirildi
rescue: kurtardı | kurtarmadı | mı | kurtarıldı
give: verdi | vermedi | mi
get: aldı | almadı | mı
travel: gitti | gitmedi | mi
fly: uçtu | uçmadı | mu
go: gitti | gitmedi | mi
work: çalışıyor | çalışmıyor | mu
live: yaşıyor | yaşamıyor | mu
study: okuyor | okumuyor | mu
laugh: güldü | gülmedi | mü
cry: ağladı | ağlamadı | mı
sing: şarkı söyledi | şarkı söylemedi | mi
dance: dans etti | dans etmedi | mi
""")
