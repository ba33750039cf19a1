"""The dataset repositories of the Hugging Face hub that tasks are read from, each pinned to a commit.

Their rows are those of the official releases. Where the official repository cannot be read without running its code, a
copy is used: Cosmos QA, Social IQa, COPA.
"""

from xstilts.task import Repository

ANLI = Repository("facebook/anli", "8e4813d81f46d313dac7892e1c28076917cfcdf9")
COMMONSENSEQA = Repository("tau/commonsense_qa", "94630fe30dad47192a8546eb75f094926d47e155")
COSMOSQA = Repository("Samsoup/cosmos_qa", "5511553160809abc4f9c11d12421ec0a9681ee75")
GLUE = Repository("nyu-mll/glue", "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c")
HELLASWAG = Repository("Rowan/hellaswag", "218ec52e09a7e7462a5400043bb9a69a41d06b76")
PAWSX = Repository("google-research-datasets/paws-x", "4cd8187c404bda33cb1f62b49b001115862acf37")
SIQA = Repository("lighteval/siqa", "54c6a1f8cb6daf4f5abf24a601852612fb35eb25")
SNLI = Repository("stanfordnlp/snli", "cdb5c3d5eed6ead6e5a341c8e56e669bb666725b")
SQUAD = Repository("rajpurkar/squad", "7b6d24c440a36b6815f21b70d25016731768db1f")
SQUAD_V2 = Repository("rajpurkar/squad_v2", "3ffb306f725f7d2ce8394bc1873b24868140c412")
SUPERGLUE = Repository("aps/super_glue", "3de24cf8022e94f4ee4b9d55a6f539891524d646")
TATOEBA = Repository("mteb/tatoeba-bitext-mining", "69e8f12da6e31d59addadda9a9c8a2e601a0e282")
TYDIQA = Repository("google-research-datasets/tydiqa", "da78f23f9119363459acbaf46bf89426ff26c259")
WIKIPEDIA = Repository("wikimedia/wikipedia", "b04c8d1ceb2f5cd4588862100d08de323dccfbaa")
XNLI = Repository("facebook/xnli", "b8dd5d7af51114dbda02c0e3f6133f332186418e")
XQUAD = Repository("google/xquad", "51adfef1c1287aab1d2d91b5bead9bcfb9c68583")
XTREME = Repository("google/xtreme", "ec5f1f46e9af79639a90684a7a70a956c4998f04")
