"""What kind of file people hand in, told by its first bytes, whatever its name says.

What cannot be read is called what it is, with what makes a table of it. It must not read more than the beginning.
"""

import re
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile, ZipFile

from churn_data.errors import DataError

Kind = Literal["text", "parquet", "arrow", "json", "spreadsheet", "zip", "gzip", "bzip2", "xz", "zstandard"]
_BEGINNING = 4096
_READ: dict[bytes, Kind] = {
    b"ARROW1\0\0": "arrow",
    b"PK\x03\x04": "zip",
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
}
_DATABASE = "export the table, e.g. sqlite3 -header -csv FILE 'SELECT * FROM customers' > customers.csv"
_STATISTICS = "write the table as CSV there, or by pandas.read_{}('FILE').to_csv('customers.csv', index=False)"
_R = "an R file: write the frame in R by write.csv(customers, 'customers.csv', row.names = FALSE)"
_STATA = f"a Stata file: {_STATISTICS.format('stata')}"
_NOT_READ = {
    b"$FL2": f"an SPSS file: {_STATISTICS.format('spss')}",
    b"$FL3": f"an SPSS file: {_STATISTICS.format('spss')}",
    b"<stata_dta>": _STATA,
    **{bytes([release, order, 1, 0]): _STATA for release in (113, 114, 115) for order in (1, 2)},
    bytes(12) + b"\xc2\xea\x81\x60": f"a SAS file: {_STATISTICS.format('sas')}",
    b"HEADER RECORD*******LIB": f"a SAS transport file: {_STATISTICS.format('sas')}",
    b"RDX2\n": _R,
    b"RDX3\n": _R,
    b"X\n\0\0\0\x02": _R,
    b"X\n\0\0\0\x03": _R,
    b"\xd0\xcf\x11\xe0": (
        "a workbook of Excel's old form (.xls): save the sheet as CSV or .xlsx, "
        "e.g. soffice --headless --convert-to csv FILE"
    ),
    b"%PDF-": "a PDF: export the table as CSV or Parquet",
    b"SQLite format 3": f"a SQLite database: {_DATABASE}",
    b"\x80\x04\x95": "a pickle, which runs programs when it is read: write the frame by to_parquet",
    b"\x80\x05\x95": "a pickle, which runs programs when it is read: write the frame by to_parquet",
    b"Obj\x01": "an Avro file: write it as Parquet or CSV",
    b"\x89HDF\r\n": "an HDF5 file: write the frame by to_parquet",
    b"7z\xbc\xaf\x27\x1c": "packed by 7-Zip: unpack it first, e.g. 7z x FILE",
    b"Rar!": "a RAR archive: unpack it first, e.g. unrar x FILE",
}
_ENCRYPTED = "encrypted Parquet: write it without encryption"
_ORC = (
    "an ORC file: write it as Parquet, "
    "e.g. python -c \"import pandas; pandas.read_orc('FILE').to_parquet('customers.parquet')\""
)
_BZIP2 = re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)")
_TAG = re.compile(rb"\s*<(!doctype html|html|head|body|meta|table|div|style|center)\b", re.IGNORECASE)
_XML = re.compile(rb"\s*<(\?xml|[a-z][\w:.-]*[\s>/])", re.IGNORECASE)
_JSON = re.compile(rb'\s*(\[\s*)?\{\s*("([^"\\]|\\.)*"\s*:|\}|$)')
_SQL = re.compile(
    rb"^\s*(INSERT\s+INTO\s|CREATE\s+(TEMP\w*\s+)?TABLE\s|COPY\s+[\w.\"]+\s*\(.*\)\s+FROM\s+stdin|DROP\s+TABLE\s|PRAGMA\s"
    rb"|LOCK\s+TABLES\s)",
    re.IGNORECASE | re.MULTILINE,
)
_ARFF = re.compile(rb"(\s*%[^\n]*\n)*\s*@relation\s", re.IGNORECASE)
_WEKA = "an ARFF file: open it in Weka and save it as CSV, or name its attributes in a row above its data"
_HTML = (
    "an HTML page, as some systems call an export for Excel: open it in a spreadsheet and save it as CSV, "
    "e.g. soffice --headless --convert-to csv FILE"
)
_OPEN_DOCUMENT = "an OpenDocument sheet: save it as CSV or .xlsx, e.g. soffice --headless --convert-to csv FILE"
_NOT_READ_ARCHIVES = {
    "content.xml": _OPEN_DOCUMENT,
    "xl/workbook.bin": "a binary workbook (.xlsb): save it as .xlsx, e.g. soffice --headless --convert-to csv FILE",
    "word/document.xml": "a text document (.docx): save its table as CSV or .xlsx",
    "Index/Document.iwa": "a sheet of Apple Numbers: export it as CSV or .xlsx",
}
"""What a ZIP archive is by one of its parts."""
_DUMP = (
    "an SQL dump: load it into its database and export the table, e.g. "
    "psql -c \"\\copy customers TO 'customers.csv' CSV HEADER\""
)
_MARKUP = (
    "XML: export the table as CSV, e.g. "
    "python -c \"import pandas; pandas.read_xml('FILE', parser='etree').to_csv('customers.csv', index=False)\""
)


def kind_of(path: Path) -> Kind:
    """What a file is that can be read.

    Raises:
        DataError: it is something else, that the text names with what makes a table of it.
    """
    with path.open("rb") as stream:
        start = stream.read(_BEGINNING)
        stream.seek(-min(4, path.stat().st_size), 2)
        end = stream.read()
    lettered = _of_letters(start, end, path)
    if lettered is not None:
        return lettered
    for mark, problem in _NOT_READ.items():
        if start.startswith(mark):
            raise DataError(str(path), f"is {_for(problem, path)}")
    for mark, kind in _READ.items():
        if start.startswith(mark):
            return _archive(path) if kind == "zip" else kind
    return _text(start.removeprefix(b"\xef\xbb\xbf"), path)


def _of_letters(start: bytes, end: bytes, path: Path) -> Kind | None:
    """Kinds whose mark is letters, as a column's name may be: there has to be more than that."""
    if start.startswith(b"PAR1") and (start[4:5] == b"\x15" or end == b"PAR1"):
        return "parquet"
    if start.startswith(b"PARE") and end == b"PARE":
        raise DataError(str(path), f"is {_ENCRYPTED}")
    if start.startswith(b"ORC") and end[:3] == b"ORC":
        raise DataError(str(path), f"is {_for(_ORC, path)}")
    return "bzip2" if _BZIP2.match(start) else None


def _text(start: bytes, path: Path) -> Kind:
    markup = _HTML if _TAG.match(start) else _MARKUP if _XML.match(start) else ""
    other = _WEKA if _ARFF.match(start) else _DUMP if _SQL.search(start) else ""
    if markup or other:
        raise DataError(str(path), f"is {_for(markup or other, path)}")
    return "json" if _JSON.match(start) else "text"


def _for(problem: str, path: Path) -> str:
    return problem.replace("FILE", path.name)


def _archive(path: Path) -> Kind:
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except BadZipFile:
        raise DataError(str(path), "is a ZIP archive or .xlsx that is broken or cut off: copy it once more") from None
    other = next((problem for part, problem in _NOT_READ_ARCHIVES.items() if part in names), "")
    if other or any(name.endswith(".ods") for name in names):
        raise DataError(str(path), f"is {_for(other or _OPEN_DOCUMENT, path)}")
    return "spreadsheet" if "xl/workbook.xml" in names else "zip"
