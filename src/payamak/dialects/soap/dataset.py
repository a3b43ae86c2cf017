"""What GetReceivedSms answers: one text that holds a table as XML, in the way of .NET's DataSet. Pure.

The vendor's column names are not known to us; ours are those of GetReceivedSms2 without the `p`, in its order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from payamak.dialects.soap.envelope import escaped
from payamak.dialects.soap.schema import Scalar

COLUMNS: Final[Mapping[str, Scalar]] = {
    "Message": Scalar.STRING,
    "From": Scalar.STRING,
    "Smsc": Scalar.STRING,
    "MessageId": Scalar.STRING,
    "EnteredDate": Scalar.DATE_TIME,
}
_ROW: Final = "Table"


def render_table(rows: Iterable[Mapping[str, str]], *, with_schema: bool) -> str:
    """The rows as `<NewDataSet><Table>…`, with the schema before them if it is asked for."""
    body = "".join(
        f"<{_ROW}>{''.join(f'<{name}>{escaped(row[name])}</{name}>' for name in COLUMNS)}</{_ROW}>" for row in rows
    )
    return f"<NewDataSet>{_schema() if with_schema else ''}{body}</NewDataSet>"


def _schema() -> str:
    columns = "".join(
        f'<xs:element name="{name}" type="xs:{kind.value}" minOccurs="0" />' for name, kind in COLUMNS.items()
    )
    row = (
        f'<xs:element name="{_ROW}"><xs:complexType><xs:sequence>{columns}</xs:sequence></xs:complexType></xs:element>'
    )
    return (
        '<xs:schema id="NewDataSet" xmlns="" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        'xmlns:msdata="urn:schemas-microsoft-com:xml-msdata">'
        '<xs:element name="NewDataSet" msdata:IsDataSet="true"><xs:complexType>'
        f'<xs:choice minOccurs="0" maxOccurs="unbounded">{row}</xs:choice>'
        "</xs:complexType></xs:element></xs:schema>"
    )
