"""Invented rows in the formats of the NLI data sets of other languages, and of XTREME's translations."""

import json

OCNLI = (
    {"level": "easy", "sentence1": "他昨天去了北京。", "sentence2": "他去过北京。", "label": "entailment"}
    | {"label0": "entailment", "label1": None, "label2": None, "label3": None, "label4": None}
    | {"genre": "tv", "prem_id": "tv_9", "id": 7},
    {"level": "hard", "sentence1": "店里没有苹果。", "sentence2": "店里卖苹果。", "label": "-"}
    | {"label0": "contradiction", "label1": "neutral", "label2": None, "label3": None, "label4": None}
    | {"genre": "lit", "prem_id": "lit_3", "id": 8},
)
OCNLI_TEST = ({"id": 0, "sentence1": "天亮了。", "sentence2": "天黑了。"},)
INDONLI = (
    {"pair_id": 900011, "premise_id": 90001, "premise": "Dia membeli dua buku.", "hypothesis": "Dia membeli buku."}
    | {"label": "e", "data_split": "train", "annotator_type": "lay", "sentence_size": "single"},
    {"pair_id": 900012, "premise_id": 90001, "premise": "Dia membeli dua buku.", "hypothesis": "Dia pulang."}
    | {"label": "n", "data_split": "train", "annotator_type": "lay", "sentence_size": "single"},
)
EXPERT = (
    {"pair_id": 7, "premise_id": 3, "premise": "Toko itu tutup.", "hypothesis": "Toko itu buka.", "label": "c"}
    | {"author_label": "c", "annotation_round": 1, "source": "wiki", "topics": [], "annotator_type": "expert"},
)
KORNLI = (
    "sentence1\tsentence2\tgold_label\n"
    "그는 집에 갔다.\t그는 집에 있다.\tneutral\n"
    '"아니"라고 그가 말했다.\t"그는 말했다.\tentailment\n'
)
FARSTAIL = 'premise\thypothesis\tlabel\n"او ""علی"" را دید."\tاو کسی را دید.\te\nباران بارید.\t"هوا\tخشک بود."\tc\n'
FARSTAIL_TEST = "premise\thypothesis\tlabel\thard(hypothesis)\thard(overlap)\nباران بارید.\tهوا سرد بود.\tn\t0\t1\n"
AMERICAS = (
    "language\tpremise\thypothesis\tlabel\n"
    "quy\tPaymi wasinman rirqa.\tPayqa wasinpim kachkan.\tneutral\n"
    'aym\tJupax "utaruw" sari.\t"Jupax utankiwa.\tentailment\n'
)
AMERICAS_2022 = "id\tlanguage\tpremise\thypothesis\tlabel\n25051\tquy\tParan.\tChiripan.\tcontradiction\n"
XNLI_MT = (
    "A dog ran .\tAn animal moved .\tEin Hund lief .\tEin Tier bewegte sich .\tentailment\n"
    'It "rained .\tIt was dry .\tEs "regnete .\tEs war trocken .\tcontradictory\n'
)
PAWSX_MT = "A b .\tB a .\tEin A b .\tEin B a .\t1\n" * 9 + "C d .\tD c .\tNS\tD c .\t0\n"


def lines(*values: dict) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
