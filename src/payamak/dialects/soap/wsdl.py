"""The WSDL 1.1 of the SOAP door, made from the table of operations.

`soap:address` is the host that was asked, so that a program which is given another host name finds us there and not
the vendor.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from payamak.dialects.soap.schema import NAMESPACE, OPERATIONS, TYPES, Array, Element, Operation, RecordType, Scalar

PATH: Final = "/almassms.asmx"
SERVICE: Final = "AlmasSms"


@lru_cache(maxsize=64)
def render_wsdl(address: str) -> bytes:
    """The whole document; `address` is where both ports are."""
    messages = "".join(map(_messages, OPERATIONS))
    port_type = "".join(map(_port_operation, OPERATIONS))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="{NAMESPACE}" '
        'xmlns:s="http://www.w3.org/2001/XMLSchema" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
        f'xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" targetNamespace="{NAMESPACE}">\n'
        f"<wsdl:types>\n{_schema()}</wsdl:types>\n"
        f"{messages}"
        f'<wsdl:portType name="{SERVICE}Soap">\n{port_type}</wsdl:portType>\n'
        f"{_binding('Soap', 'soap')}{_binding('Soap12', 'soap12')}"
        f'<wsdl:service name="{SERVICE}">\n'
        f"{_port('Soap', 'soap', address)}{_port('Soap12', 'soap12', address)}"
        "</wsdl:service>\n</wsdl:definitions>\n"
    ).encode()


def _schema() -> str:
    elements = "".join(
        f'<s:element name="{operation.name}">{_sequence(operation.inputs)}</s:element>\n'
        f'<s:element name="{operation.response_name}">{_sequence(operation.outputs)}</s:element>\n'
        for operation in OPERATIONS
    )
    types = "".join(map(_type, TYPES))
    return f'<s:schema elementFormDefault="qualified" targetNamespace="{NAMESPACE}">\n{elements}{types}</s:schema>\n'


def _sequence(fields: Iterable[Element], name: str = "") -> str:
    inner = "".join(
        f'<s:element minOccurs="{0 if field.is_optional else 1}" maxOccurs="1" '
        f'name="{field.name}" type="{_type_name(field.kind)}" />'
        for field in fields
    )
    named = f' name="{name}"' if name else ""
    return f"<s:complexType{named}><s:sequence>{inner}</s:sequence></s:complexType>"


def _type(kind: Array | RecordType) -> str:
    if isinstance(kind, RecordType):
        return f"{_sequence(kind.fields, kind.name)}\n"
    nillable = ' nillable="true"' if kind.item is Scalar.STRING or isinstance(kind.item, RecordType) else ""
    return (
        f'<s:complexType name="{kind.name}"><s:sequence><s:element minOccurs="0" maxOccurs="unbounded" '
        f'name="{kind.item_name}"{nillable} type="{_type_name(kind.item)}" /></s:sequence></s:complexType>\n'
    )


def _type_name(kind: Scalar | Array | RecordType) -> str:
    return f"s:{kind.value}" if isinstance(kind, Scalar) else f"tns:{kind.name}"


def _messages(operation: Operation) -> str:
    return "".join(
        f'<wsdl:message name="{operation.name}{way}"><wsdl:part name="parameters" element="tns:{element}" />'
        "</wsdl:message>\n"
        for way, element in (("SoapIn", operation.name), ("SoapOut", operation.response_name))
    )


def _port_operation(operation: Operation) -> str:
    name = operation.name
    return (
        f'<wsdl:operation name="{name}"><wsdl:input message="tns:{name}SoapIn" />'
        f'<wsdl:output message="tns:{name}SoapOut" /></wsdl:operation>\n'
    )


def _binding(suffix: str, soap: str) -> str:
    body = f'<{soap}:body use="literal" />'
    operations = "".join(
        f'<wsdl:operation name="{operation.name}">'
        f'<{soap}:operation soapAction="{NAMESPACE}{operation.name}" style="document" />'
        f"<wsdl:input>{body}</wsdl:input><wsdl:output>{body}</wsdl:output></wsdl:operation>\n"
        for operation in OPERATIONS
    )
    return (
        f'<wsdl:binding name="{SERVICE}{suffix}" type="tns:{SERVICE}Soap">'
        f'<{soap}:binding transport="http://schemas.xmlsoap.org/soap/http" />\n{operations}</wsdl:binding>\n'
    )


def _port(suffix: str, soap: str, address: str) -> str:
    return (
        f'<wsdl:port name="{SERVICE}{suffix}" binding="tns:{SERVICE}{suffix}">'
        f'<{soap}:address location="{address}" /></wsdl:port>\n'
    )
