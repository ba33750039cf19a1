"""The sentences of the miniature are grammatical in all seven languages, as checked by hand."""

import pytest

from xstilts.miniature.events import Clause, Sentence, Thing
from xstilts.miniature.sentences import LANGUAGES, say, span


def told(*clauses: Clause, link: str = "", asked: str = "") -> Sentence:
    return Sentence(clauses, link, asked)


BUYING = told(Clause("buy", "anna", Thing("car", "red"), place="rome", time="monday"))
WHO = told(Clause("open", "emma", Thing("suitcase", "new", definite=True), place="park"), asked="agent")
RECEIVING = told(Clause("get", "sofia", Thing("lamp", "old", definite=True), "boris", place="paris", time="1998"))
SENTENCES = (
    BUYING,
    told(Clause("build", "boris", Thing("bridge", "old", definite=True), time="1998", passive=True)),
    told(Clause("give", "leyla", Thing("book", count=2), "karl", place="library")),
    told(Clause("help", "wei", "vera", time="may", negated=True)),
    told(Clause("travel", "priya", source="paris", goal="cape_town", time="tuesday", fronted=True)),
    told(Clause("be", Thing("window", definite=True), quality="white")),
    told(Clause("laugh", "nina"), Clause("rescue", "ravi", "thomas", place="station"), link="because"),
    told(
        Clause("study", "ivan", "uni_delhi"),
        Clause("sell", "orion", Thing("lamp", "big", definite=True)),
        link="and",
    ),
    WHO,
    told(Clause("follow", "oscar", "maria", time="sunday"), asked="patient"),
    told(Clause("fly", "elena", goal="istanbul"), asked="time"),
    told(Clause("get", "david", Thing("apple", "green"), "sofia"), asked="polar"),
    told(Clause("steal", "somebody", Thing("camera", definite=True), place="new_york")),
    told(Clause("go", "she", source="park", goal="market", then=True)),
)

EXPECTED = {
    "en": """
        Anna bought a red car in Rome on Monday.
        The old bridge was built by Boris in 1998.
        Leyla Demir gave two books to Karl in the library.
        Li Wei did not help Vera in May.
        On Tuesday, Priya Sharma travelled from Paris to Cape Town.
        The window is white.
        Nina laughed because Ravi rescued Thomas at the station.
        Ivan studies at the University of Delhi and the company Orion sold the big lamp.
        Who opened the new suitcase in the park?
        Who did Oscar follow on Sunday?
        When did Elena fly to Istanbul?
        Did David get a green apple from Sofia?
        Somebody stole the camera in New York.
        Then she went from the park to the market.
    """,
    "de": """
        Anna kaufte am Montag in Rom ein rotes Auto.
        Die alte Brücke wurde im Jahr 1998 von Boris gebaut.
        Leyla Demir gab Karl in der Bibliothek zwei Bücher.
        Li Wei half Vera im Mai nicht.
        Am Dienstag reiste Priya Sharma von Paris nach Kapstadt.
        Das Fenster ist weiß.
        Nina lachte, weil Ravi Thomas am Bahnhof rettete.
        Iwan studiert an der Universität Delhi und die Firma Orion verkaufte die große Lampe.
        Wer öffnete den neuen Koffer im Park?
        Wem folgte Oskar am Sonntag?
        Wann flog Elena nach Istanbul?
        Bekam David von Sofia einen grünen Apfel?
        Jemand stahl die Kamera in New York.
        Dann ging sie vom Park zum Markt.
    """,
    "es": """
        Ana compró un coche rojo en Roma el lunes.
        El puente viejo fue construido por Borís en 1998.
        Leyla Demir le dio dos libros a Karl en la biblioteca.
        Li Wei no ayudó a Vera en mayo.
        El martes Priya Sharma viajó de París a Ciudad del Cabo.
        La ventana es blanca.
        Nina rio porque Ravi rescató a Tomás en la estación.
        Iván estudia en la Universidad de Delhi y la empresa Orion vendió la lámpara grande.
        ¿Quién abrió la maleta nueva en el parque?
        ¿A quién siguió Óscar el domingo?
        ¿Cuándo voló Elena a Estambul?
        ¿Recibió David una manzana verde de Sofía?
        Alguien robó la cámara en Nueva York.
        Luego ella fue del parque al mercado.
    """,
    "ru": """
        Анна купила красную машину в Риме в понедельник.
        Старый мост был построен Борисом в 1998 году.
        Лейла Демир дала Карлу две книги в библиотеке.
        Ли Вэй не помог Вере в мае.
        Во вторник Прия Шарма поехала из Парижа в Кейптаун.
        Окно белое.
        Нина засмеялась, потому что Рави спас Томаса на вокзале.
        Иван учится в Делийском университете, а компания «Орион» продала большую лампу.
        Кто открыл новый чемодан в парке?
        За кем Оскар последовал в воскресенье?
        Когда Елена полетела в Стамбул?
        Давид получил зелёное яблоко от Софии?
        Кто-то украл фотоаппарат в Нью-Йорке.
        Потом она пошла из парка на рынок.
    """,
    "tr": """
        Anna pazartesi günü Roma'da kırmızı bir araba satın aldı.
        Eski köprü 1998 yılında Boris tarafından inşa edildi.
        Leyla Demir kütüphanede Karl'a iki kitap verdi.
        Li Wei mayıs ayında Vera'ya yardım etmedi.
        Salı günü Priya Sharma Paris'ten Cape Town'a gitti.
        Pencere beyaz.
        Nina güldü, çünkü Ravi istasyonda Thomas'ı kurtardı.
        İvan Delhi Üniversitesi'nde okuyor ve Orion şirketi büyük lambayı sattı.
        Parkta yeni bavulu kim açtı?
        Oscar pazar günü kimi takip etti?
        Elena İstanbul'a ne zaman uçtu?
        David Sofia'dan yeşil bir elma aldı mı?
        Biri New York'ta kamerayı çaldı.
        Sonra o parktan pazara gitti.
    """,
    "hi": """
        अन्ना ने सोमवार को रोम में एक लाल कार ख़रीदी।
        वह पुराना पुल 1998 में बोरिस द्वारा बनाया गया।
        लैला देमिर ने पुस्तकालय में कार्ल को दो किताबें दीं।
        ली वेई ने मई में वेरा की मदद नहीं की।
        मंगलवार को प्रिया शर्मा पेरिस से केप टाउन गई।
        वह खिड़की सफ़ेद है।
        नीना हँसी क्योंकि रवि ने स्टेशन पर थॉमस को बचाया।
        इवान दिल्ली विश्वविद्यालय में पढ़ता है और ओरियन कंपनी ने वह बड़ा लैंप बेचा।
        किसने पार्क में वह नया सूटकेस खोला?
        ऑस्कर ने रविवार को किसका पीछा किया?
        एलेना कब इस्तांबुल विमान से गई?
        क्या डेविड को सोफिया से एक हरा सेब मिला?
        किसी ने न्यू यॉर्क में वह कैमरा चुराया।
        फिर वह पार्क से बाज़ार गई।
    """,
    "zh": """
        安娜星期一在罗马买了一辆红色的汽车。
        那座旧桥是鲍里斯1998年建造的。
        莱拉·德米尔在图书馆给了卡尔两本书。
        李伟五月没有帮助薇拉。
        星期二普丽娅·夏尔马从巴黎去了开普敦。
        那扇窗户是白色的。
        尼娜笑了，因为拉维在车站救了托马斯。
        伊万在德里大学学习，而奥里安公司卖了那盏大灯。
        谁在公园打开了那个新行李箱？
        奥斯卡星期日跟随了谁？
        埃琳娜什么时候飞到了伊斯坦布尔？
        大卫从索菲亚那里得到了一个绿色的苹果吗？
        有人在纽约偷了那台相机。
        然后她从公园去了市场。
    """,
}
CASES = [
    (lang, sentence, expected.strip())
    for lang, lines in EXPECTED.items()
    for sentence, expected in zip(SENTENCES, lines.strip().splitlines(), strict=True)
]


@pytest.mark.parametrize(("lang", "sentence", "expected"), CASES, ids=[expected for *_, expected in CASES])
def test_a_sentence_reads_as_a_native_speaker_would_write_it(lang, sentence, expected):
    assert say(sentence, lang).text == expected


@pytest.mark.parametrize(
    ("lang", "tags"),
    [
        ("en", "PROPN VERB DET ADJ NOUN ADP PROPN ADP PROPN PUNCT"),
        ("de", "PROPN VERB ADP NOUN ADP PROPN DET ADJ NOUN PUNCT"),
        ("es", "PROPN VERB DET NOUN ADJ ADP PROPN DET NOUN PUNCT"),
        ("ru", "PROPN VERB ADJ NOUN ADP PROPN ADP NOUN PUNCT"),
        ("tr", "PROPN NOUN NOUN PROPN ADJ DET NOUN NOUN VERB PUNCT"),
        ("hi", "PROPN ADP NOUN ADP PROPN ADP DET ADJ NOUN VERB PUNCT"),
        ("zh", "PROPN NOUN ADP PROPN VERB AUX NUM NOUN ADJ PART NOUN PUNCT"),
    ],
)
def test_every_word_has_its_part_of_speech(lang, tags):
    assert [token.word.tag for token in say(BUYING, lang).tokens] == tags.split()


def test_names_are_marked_and_nothing_else_is():
    tokens = say(SENTENCES[7], "en").tokens
    assert [(token.word.form, token.word.entity) for token in tokens if token.word.entity] == [
        ("Ivan", "B-PER"),
        ("University", "B-ORG"),
        ("of", "I-ORG"),
        ("Delhi", "I-ORG"),
        ("Orion", "B-ORG"),
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_word_stands_at_its_offset_and_nothing_is_between_words_but_blanks(lang, sentence):
    said = say(sentence, lang)
    end = 0
    for token in said.tokens:
        assert said.text[end : token.start].strip() == ""
        end = token.start + len(token.word.form)
        assert said.text[token.start : end] == token.word.form
    assert end == len(said.text)


@pytest.mark.parametrize(
    ("lang", "other", "place", "time"),
    [
        ("en", "Boris", "Paris", "1998"),
        ("de", "Boris", "Paris", "Jahr 1998"),
        ("es", "Borís", "París", "1998"),
        ("ru", "Бориса", "Париже", "1998 году"),
        ("tr", "Boris", "Paris", "1998 yılında"),
        ("hi", "बोरिस", "पेरिस", "1998"),
        ("zh", "鲍里斯", "巴黎", "1998年"),
    ],
)
def test_an_answer_has_neither_its_preposition_nor_the_suffix_of_a_name(lang, other, place, time):
    said = say(RECEIVING, lang)
    assert [span(said, role)[1] for role in ("other", "place", "time")] == [other, place, time]


def test_contractions_know_their_parts():
    parts = {token.word.form: token.parts for token in say(SENTENCES[-1], "de").tokens if token.parts}
    assert parts == {"vom": (("von", "ADP"), ("dem", "DET")), "zum": (("zu", "ADP"), ("dem", "DET"))}
    assert [token.word.form for token in say(SENTENCES[-1], "es").tokens if token.parts] == ["del", "al"]


def test_a_spanish_and_changes_before_i():
    sentence = told(Clause("sing", "anna"), Clause("dance", "ivan"), link="and")
    assert say(sentence, "es").text == "Ana cantó e Iván bailó."
