"""Official archives of data sets without an official copy on the hub.

The sha256 are taken from `dataset_infos.json` of the XTREME script of `datasets` (2022) and, for Universal
Dependencies, from pyconll.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from xstilts.config import Source


@dataclass(frozen=True)
class Archive:
    """A downloadable archive.

    Args:
        url: its address.
        sha256: of the archive file, 64 hexadecimal digits.
        root: the folder inside the archive that contains the files.
    """

    url: str
    sha256: str
    root: str


_UD, _BUCC = "https://lindat.mff.cuni.cz/repository/xmlui/bitstream/handle", "https://comparable.limsi.fr/bucc2018"
_BUCC_SHA256 = {
    "de-en.sample": "8e16ba8b02ef8d648b06adfbd6dfb188f43524e18f97b2b12a14a086caac62f3",
    "de-en.training": "766e0fdebbd1438fb87c21254828eb13c8b997d8fbab002103dd060dcac50c5c",
    "fr-en.sample": "df9eb3966954e163c9264076f7c9c1eb56d9d8a91855f9d3afbf2c0fdaef0a08",
    "fr-en.training": "53c0d0e7dd97dc89593a2db25a26c5f0ccdc7113e8451263bb0c80e4c4c7dc30",
    "ru-en.sample": "fce3cabc7ee50ddb4b18aa6fb090e2669c8383d2a29fc97eed6ae70fed9a23e5",
    "ru-en.training": "1895df56e936ca3d4f5b12299ceffe0b7ff4806584c40bdaa3ae1d445f25afa5",
    "zh-en.sample": "a3425be5c0320ee131a0927b66c3e29befb3b481ebf1b87257e660e514bc16ac",
    "zh-en.training": "3facb71798277c8f44dc78c1f8ae2110f254d0e14799f3508eedd54b4236877a",
}

ARCHIVES = {
    "ud-treebanks-v2.5": Archive(
        f"{_UD}/11234/1-3105/ud-treebanks-v2.5.tgz",
        "5ff973e44345a5f69b94cc1427158e14e851c967d58773cc2ac5a1d3adaca409",
        root="ud-treebanks-v2.5",
    ),
    **{
        f"bucc2018-{name}": Archive(f"{_BUCC}/bucc2018-{name}-gold.tar.bz2", sha256, root="bucc2018")
        for name, sha256 in _BUCC_SHA256.items()
    },
}


def archive(name: str, sources: Mapping[str, Source]) -> Archive:
    """The archive of this name, with the address and sha256 of the configuration if they are set there."""
    own = sources.get(name, Source())
    return replace(ARCHIVES[name], **own.model_dump(include={"url", "sha256"}, exclude_none=True))
