"""Files in the code pages of other parts of Europe are read by their words; what they leave in doubt is as it was."""

import random
from pathlib import Path

import pytest

from churn_data.code_pages import MAY_BE_WESTERN, code_page_of
from churn_data.dialects import FileForm, reading_as
from churn_data.errors import DataError
from churn_data.sources import read_customers
from churn_model.usecase import Feature, Label, UseCase

POLISH = "Łódź Kraków Gdańsk Wrocław Poznań Białystok Częstochowa Miesięczna Własny Świętochłowice Jeżów żółć Michał"
CZECH = "Plzeň Ústí Labem Hradec Králové České Budějovice Měsíční Předplacené Jiří Řehoř věrnost účet Žďár Náchod"
TURKISH = "İstanbul İzmir Muğla Aylık Yıllık sözleşme müşteri Kadıköy Şişli Beşiktaş Eskişehir Çağrı"  # noqa: RUF001
RUSSIAN = "Москва Казань Пермь месячный договор годовой абонент Нижний Новгород мужской женский"
GREEK = "Αθήνα Θεσσαλονίκη Πάτρα Ηράκλειο μηνιαίο ετήσιο συμβόλαιο πελάτης άνδρας γυναίκα ναι όχι"  # noqa: RUF001
WRITTEN: dict[str, tuple[str, str, str]] = {
    "Polish": (POLISH, "cp1250", "Windows-1250"),
    "Polish of Unix": (POLISH, "iso8859_2", "ISO-8859-2"),
    "Czech": (CZECH, "cp1250", "Windows-1250"),
    "Czech of Unix": (CZECH, "iso8859_2", "ISO-8859-2"),
    "Hungarian": (
        "Győr Pécs Székesfehérvár Miskolc előfizetés hűség Erdős Kőbánya szerződés hónap Gödöllő", "cp1250",
        "Windows-1250",
    ),
    "Romanian": ("Bucureşti Timişoara Constanţa Piteşti Braşov abonaţi lună Bărăgan Iaşi", "cp1250", "Windows-1250"),
    "Lithuanian": ("Šiauliai Panevėžys Klaipėda mėnesį sutartį Kėdainių įmonė ąžuolas", "cp1257", "Windows-1257"),
    "Turkish": (TURKISH, "cp1254", "Windows-1254"),
    "Russian": (RUSSIAN, "cp1251", "Windows-1251"),
    "Russian of Unix": (RUSSIAN, "koi8_r", "KOI8-R"),
    "Russian of DOS": (RUSSIAN, "cp866", "code page 866"),
    "Russian in capitals": (RUSSIAN.upper(), "cp1251", "Windows-1251"),
    "Ukrainian": ("Київ Львів Харків місячний договір Північ Дніпро чоловік жінка так ні", "cp1251", "Windows-1251"),
    "Greek": (GREEK, "cp1253", "Windows-1253"),
    "Arabic": ("الرياض جدة مكة شهري سنوي عقد الاسم المدينة مشترك نعم لا", "cp1256", "Windows-1256"),
    "Hebrew": ("תל אביב ירושלים חיפה חודשי שנתי לקוח גבר אישה כן לא", "cp1255", "Windows-1255"),
}  # fmt: skip
WESTERN = [
    "Müller Köln Düsseldorf Straße Gespräche Kündigung Größe Jänner Gültig", "São ação Agência não João Brasília três",
    "Résilié été Mérignac garçon août naïve œuvre Besançon forêt où Noël", "Señor Málaga Cádiz año León niño Mérida",
    "København Århus Ålborg Tønder Køge måned år Sønderborg Ærø", "Þórður Guðrún Ísafjörður Seyðisfjörður Höfn Ægir",
    "Tõnu Õie Pärnu Jõhvi Võru küünal šokolaad žanr", "Skriviborð viðskiftara økisnavn tænastum ambætari atgerðin",
    "m³ ft³ kWh/m³ m³/h 1. 2. 3.ª nº 12 € ½ l", "è è più città perché né",
]  # fmt: skip


@pytest.mark.parametrize("kind", WRITTEN)
def test_the_words_tell_the_code_page_and_that_is_said(kind: str, tmp_path: Path) -> None:
    words, codec, name = WRITTEN[kind]
    levels, path, lines = words.split(), tmp_path / "customers.csv", list[str]()
    rows = [f"{row};{levels[row % len(levels)]};{row % 3 // 2}" for row in range(60)]
    path.write_bytes("\n".join(["id;plan;churn", *rows]).encode(codec))
    usecase = UseCase("n", Label("churn", "1"), "id", features=(Feature("plan", "category"),))
    dataset = read_customers(path, usecase, lines.append)
    assert dataset.frame["plan"].tolist() == [levels[row % len(levels)] for row in range(60)]
    language = kind.partition(" of ")[0].removesuffix(" in capitals")
    said = f"is not UTF-8, read as {name} by its words, which are {language}; another one can be named by --encoding"
    assert any(said in line for line in lines), lines


@pytest.mark.parametrize("words", WESTERN)
def test_what_windows_1252_explains_stays_that(words: str) -> None:
    assert code_page_of([words.encode("cp1252")]) == MAY_BE_WESTERN


def test_names_from_all_of_western_europe_are_of_no_other_part() -> None:
    source, words = random.Random(3), " ".join(WESTERN).split()
    for count in (3, 8, 12, 20, 40):
        for _ in range(40):
            sample = " ".join(source.choices(words, k=count))
            assert code_page_of([sample.encode("cp1252")]) == MAY_BE_WESTERN, sample


@pytest.mark.parametrize("words", [b"Pozna\xf1 Krak\xf3w", b"", b"\xe9", b"\xc4\xd6\xdc Stra\xdfe"])
def test_a_few_words_prove_nothing(words: bytes) -> None:
    assert code_page_of([words]) == MAY_BE_WESTERN


def test_a_few_words_of_another_script_are_surely_not_windows_1252() -> None:
    assert code_page_of(["Москва Казань".encode("cp1251")]) is None


ASIAN = {
    "cp932": "東京 大阪 表示 ソニー 十月",
    "gb18030": "北京 上海 深圳 镕基 广州",
    "big5": "台北 高雄 功能 許蓋 台中",
    "cp949": "서울 부산 대구 인천 똠방",
}
"""Texts with characters whose second byte is one of ASCII's, a backslash or a bar, among them."""


@pytest.mark.parametrize("codec", ASIAN)
def test_code_pages_of_several_bytes_are_refused_in_a_line_that_says_what_to_do_and_read_if_named(
    codec: str, tmp_path: Path
) -> None:
    levels, path = ASIAN[codec].split(), tmp_path / "customers.csv"
    rows = [f"{row}|{levels[row % len(levels)]}|{row % 3 // 2}" for row in range(60)]
    path.write_bytes("\n".join(["id|plan|churn", *rows]).encode(codec))
    usecase = UseCase("n", Label("churn", "1"), "id", features=(Feature("plan", "category"),))
    if codec != "big5":  # whose second bytes are letters of ASCII, as in western words: it is read as that, and said
        with pytest.raises(DataError, match="row 2: field 2 is not valid UTF-8; name another encoding by --encoding"):
            read_customers(path, usecase)
    with reading_as(FileForm(encoding=codec)):
        dataset = read_customers(path, usecase)
    assert dataset.frame["plan"].tolist() == [levels[row % len(levels)] for row in range(60)]


def test_a_row_in_another_encoding_is_named_whatever_the_others_are(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    rows = [f"{row};{RUSSIAN.split()[row % 10]};{row % 2}" for row in range(60)]
    path.write_bytes("\n".join(["id;plan;churn", *rows]).encode() + "\n60;Москва;1\n".encode("cp1251"))
    usecase = UseCase("n", Label("churn", "1"), "id", features=(Feature("plan", "category"),))
    with pytest.raises(DataError, match="row 62: field 2 is not valid UTF-8"):
        read_customers(path, usecase)
