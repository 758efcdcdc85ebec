"""Exports of companies that nobody tried, of other trades and languages, two or three faults each; beside each file its
customers as a caller has them."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from html import escape
from pathlib import Path
from typing import Any

ROWS = 360
THIN = "\u202f"
Draw = Callable[[random.Random, bool], Any]
_FULL_WIDTH = {ord("0") + digit: 0xFF10 + digit for digit in range(10)} | {ord("."): 0xFF0E}
_ARABIC = {ord("0") + digit: 0x0660 + digit for digit in range(10)}
_COMMA = str.maketrans(",.", ".,")


@dataclass(frozen=True)
class Column:
    """One column: what a caller knows of a customer, and how the export writes that and what is `missing`. Others than
    features callers do not send."""

    name: str
    draw: Draw
    write: Callable[[Any], str] = str
    feature: bool = True
    missing: str = ""


@dataclass(frozen=True)
class Customer:
    """Whether a customer left, and the features that callers send."""

    left: bool
    features: dict[str, Any]


@dataclass(frozen=True)
class Export:
    """How a company's file looks: its columns, the label's texts of leavers and of others, what stands above and below,
    in front of the header once more in the middle (`divided`)."""

    id: str
    label: str
    leavers: Sequence[str]
    others: Sequence[str]
    columns: Sequence[Column]
    delimiter: str = ","
    encoding: str = "utf-8"
    newline: str = "\n"
    above: Sequence[str] = ()
    below: Callable[[list[list[str]]], str] = lambda _: ""
    write_id: Callable[[int], str] = field(default=lambda number: f"C{number:05d}")
    header: Callable[[str], str] = str
    divided: str = ""

    def written(self, path: Path) -> list[Customer]:
        """Write the file; its customers in order."""
        source, customers, rows = random.Random(self.id), [], []
        for number in range(ROWS):
            left = source.random() < 0.3
            values = {each.name: each.draw(source, left) for each in self.columns}
            customers.append(Customer(left, {each.name: values[each.name] for each in self.columns if each.feature}))
            texts = [
                each.missing if (value := values[each.name]) is None else each.write(value) for each in self.columns
            ]
            rows.append([self.write_id(number), *texts, source.choice(self.leavers if left else self.others)])
        header = self.delimiter.join(self.header(name) for name in self.names)
        lines = [*self.above, header, *(self.delimiter.join(row) for row in rows)]
        if self.divided:
            lines.insert(len(lines) // 2, self.divided + header)
        text = self.newline.join(lines) + self.newline + self.below(rows)
        path.write_bytes(text.encode(self.encoding))
        return customers

    @property
    def names(self) -> list[str]:
        """The file's header."""
        return [self.id, *(each.name for each in self.columns), self.label]

    @property
    def features(self) -> set[str]:
        """What a model may learn from."""
        return {each.name for each in self.columns if each.feature}


def amount(low: float, high: float, gone: float = 0.0, digits: int = 2) -> Draw:
    """A number in between; of leavers less by `gone` of the distance."""
    return lambda source, left: round(source.uniform(low, high) - (gone * (high - low) if left else 0), digits)


def count(high: int, gone: float = 0.5) -> Draw:
    """A whole number below; leavers have fewer."""
    return lambda source, left: source.randrange(max(1, int(high * (1 - gone)) if left else high))


def one_of(*levels: Any) -> Draw:
    """A level."""
    return lambda source, _: source.choice(levels)


def day(start: date, days: int) -> Draw:
    """A day as callers send it."""
    return lambda source, _: (start + timedelta(source.randrange(days))).isoformat()


def sometimes(draw: Draw) -> Draw:
    """Missing in one row of ten."""
    return lambda source, left: None if source.random() < 0.1 else draw(source, left)


def one_in(texts: Sequence[str], most: Callable[[Any], str] = str) -> Callable[[Any], str]:
    """Levels in several spellings that are the same at every door, in turn."""
    state = random.Random(7)
    return lambda value: state.choice([*texts]).format(most(value))


def euros(value: float) -> str:
    """An amount as Germans write it."""
    return f"{value:,.2f}".translate(_COMMA)


def rupees(value: float) -> str:
    """An amount as India groups it: thousands, and hundreds of these."""
    whole, _, part = f"{value:.2f}".partition(".")
    head, last = whole[:-3], whole[-3:]
    return "₹" + ",".join([*re.findall(r"^\d(?=(?:\d\d)*$)|\d\d", head), last]) + f".{part}"


def day_first(sign: str) -> Callable[[str], str]:
    """A day as most of the world writes it."""
    return lambda text: date.fromisoformat(text).strftime(f"%d{sign}%m{sign}%Y")


def garbled(text: str) -> str:
    """Letters as a system has them that has read UTF-8 as Windows-1252."""
    return text.encode().decode("cp1252")


def truth(yes: Sequence[str], no: Sequence[str]) -> Callable[[bool], str]:
    """Truth values by several words, in turn."""
    state = random.Random(7)
    return lambda value: state.choice([*(yes if value else no)])


def _spaced(value: float, space: str, digits: int) -> str:
    return f"{value:,.{digits}f}".replace(",", space).replace(".", ",")


def _settings(value: int) -> str:
    return f'"{{""theme"": ""t{value}"", ""beta"": {value}}}"'


def _for_a_page(text: str) -> str:
    return f'"{escape(text).replace("é", "&eacute;")}"'


def _sums(rows: list[list[str]], places: Sequence[int]) -> str:
    cells = [
        f"{sum(float(row[place]) for row in rows):.2f}" if place in places else "" for place in range(len(rows[0]))
    ]
    return ",".join(["Total", *cells[1:]]) + "\r\n"


EXPORTS: dict[str, Export] = {
    "telecom of a spreadsheet": Export(
        "Account", "Churned", ["Yes", "YES", "yes"], ["No", "NO"],
        [
            Column("Plan", one_of("Prepaid", "Family", "Unlimited"), one_in(['="{}"', "{} "])),
            Column("Monthly Bill", amount(20, 90, 0.2)),
            Column("Tenure", count(70), one_in(["{}", "'{}"])),
            Column("Phone", lambda source, _: f"0{source.randrange(10**9, 10**10)}", '="{}"'.format, feature=False),
        ],
        newline="\r\n", write_id='="{:06d}"'.format, below=lambda rows: _sums(rows, [2]) + "\x1a",
    ),
    "energy, German": Export(
        "Vertragskonto", "Gekündigt", ["Ja", "ja "], ["Nein"],
        [
            Column("Abschlag", amount(30, 1800, 0.1), lambda value: f"{euros(value)} €"),
            Column("Verbrauch", amount(900, 6000, 0.2, 0), lambda value: f"{value:,.0f} kWh".translate(_COMMA)),
            Column("Tarif", one_of("Ökostrom", "Grundversorgung", "Fix 24")),
            Column("Beginn", day(date(2016, 1, 1), 3000), day_first(".")),
        ],
        delimiter=";", encoding="cp1252", newline="\r\n", above=["Stadtwerke;;;;;", "Stand: 31.12.2025;;;;;", ""],
        below=lambda _: "Ende der Liste\r\n",
    ),
    "gym, Spanish": Export(
        "socio", "baja", ["Sí", "si", "SI"], ["No", "no"],
        [
            Column("cuota", amount(19, 60, 0.1), lambda value: f"{value:.2f}".replace(".", ",")),
            Column("visitas", sometimes(count(30)), str),
            Column("centro", one_of("Mérida", "León", "Cádiz")),
            Column("fecha_alta", day(date(2020, 1, 1), 1500), day_first("/")),
        ],
        delimiter="\t", encoding="utf-16",
    ),
    "insurance, French": Export(
        "police", "résilié", ["oui"], ["non"],
        [
            Column("prime", amount(150, 9000, 0.1), lambda value: f"{_spaced(value, THIN, 2)} €"),
            Column("formule", one_of("Tiers étendu", "Tous risques", "R&D"), _for_a_page),
            Column("code_postal", one_of("01000", "13001", "75011", "69003")),
            Column("sinistres", sometimes(count(6, 0)), str),
        ],
        delimiter=";", above=["# exporté le 03/01/2026"],
    ),
    "bank, Chinese": Export(
        "客户号", "是否流失", ["是"], ["否"],
        [
            Column("余额", amount(10, 90_000, 0.2, 1), lambda value: f"{value}".translate(_FULL_WIDTH)),
            Column("年龄", count(70, 0), lambda value: str(value).translate(_FULL_WIDTH)),
            Column("城市", one_of("北京", "上海", "深圳")),
        ],
        delimiter="，",  # noqa: RUF001 - full width
    ),
    "energy, Dutch": Export(
        "klantnr", "opgezegd", ["ja", "1"], ["nee", "0"],
        [
            Column("termijnbedrag", amount(40, 400, 0.1), lambda value: f"'{value:.2f}"),
            Column("slimme_meter", one_of(True, False), truth(["ja", "1"], ["nee"])),
            Column("ingang", day(date(2015, 1, 1), 3000), day_first("-")),
            Column("regio", one_of("Noord", "Zuid", "Oost")),
        ],
    ),
    "software subscriptions": Export(
        "account_id", "status", ["churned", "Churned "], ["active", "Active"],
        [
            Column("seats", count(200), lambda value: f"{value:,}"),
            Column("adoption", amount(0, 100, 0.3, 1), lambda value: f"{value} %"),
            Column("sso", one_of(True, False), truth(["Y", "true", "1"], ["N"])),
            Column("settings", lambda source, _: source.randrange(9), _settings, feature=False),
            Column("owner", one_of(*map(garbled, ("Müller", "José", "Zoë")))),
        ],
        below=lambda _: "\0" * 4096,
    ),
    "bank, Brazilian": Export(
        "conta", "situação", ["Cancelado"], ["Ativo"],
        [
            Column("saldo", amount(5, 40_000, 0.2), lambda value: f"R$ {euros(value)}"),
            Column("tarifa", amount(0, 60, 0.1), euros),
            Column("canal", one_of("Agência", "Aplicativo", "Correspondente")),
        ],
        delimiter=";", divided="\ufeff",
    ),
    "insurance, Swiss": Export(
        "Police", "storniert", ["Ja"], ["Nein"],
        [
            Column("Jahresprämie", amount(400, 12_000, 0.1), lambda value: f"{value:,.2f}".replace(",", "'")),
            Column("Franchise", one_of(300, 500, 1000, 1500, 2500), lambda value: f"{value:,}".replace(",", "'")),
            Column("Kanton", one_of("Zürich", "Genève", "Ticino")),
            Column("Schadenquote", amount(0, 90, 0.1, 0), lambda value: f"{value:.0f}%"),
        ],
        delimiter=";",
    ),
    "gym, Russian": Export(
        "клиент", "отток", ["да"], ["нет"],
        [
            Column("абонемент", amount(900, 9000, 0.1, 1), lambda value: _spaced(value, " ", 1)),
            Column("визиты", count(40), str),
            Column("город", one_of("Москва", "Казань", "Пермь")),
            Column("дата_начала", day(date(2019, 1, 1), 1800), day_first(".")),
        ],
        delimiter=";",
    ),
    "streaming, Indian": Export(
        "msno", "is_churn", ["1"], ["0"],
        [
            Column("income", amount(500_000, 4_200_000, 0.1), lambda value: f'"{rupees(value)}"'),
            Column("registration_init_time", day(date(2005, 1, 1), 4400), lambda text: text.replace("-", "")),
            Column("last_txn", day(date(2017, 1, 1), 50), lambda text: text.replace("-", "")),
            Column("visits", sometimes(count(40)), missing="Error"),
            Column("plan", amount(100, 900, 0.1), lambda value: f"₹{value:.2f}/month"),
        ],
    ),
    "telecom, Arabic": Export(
        "رقم", "مغادر", ["نعم"], ["لا"],
        [
            Column("دقائق", count(900), lambda value: str(value).translate(_ARABIC)),
            Column("باقة", one_of("أساسية", "عائلية", "ذهبية")),
        ],
    ),
    "energy of a database": Export(
        "meter_id", "lost_customer", ["t"], ["f"],
        [
            Column("kwh", sometimes(amount(10, 900, 0.2)), str),
            Column("tariff", sometimes(one_of("day", "night", "flat")), str),
            Column("since", sometimes(day(date(2018, 1, 1), 2000)), lambda text: f"{text} 00:00:00"),
            Column("paid_ratio", amount(0, 1, 0.2, 3), lambda value: f"{value:.3f}"),
        ],
        delimiter="|", header=lambda name: f" {name} ",
    ),
}  # fmt: skip
