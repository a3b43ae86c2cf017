"""The numbers of SMPP 3.4 by name (chapter 5). Whatever is not listed stays a plain int."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final, NamedTuple

HEADER_OCTETS: Final = 16
RESPONSE_BIT: Final = 0x80000000
MAX_SEQUENCE: Final = 0x7FFFFFFF
INTERFACE_VERSION: Final = 0x34


class CommandId(IntEnum):
    """command_id (section 5.1.2.1). A response is its request with the top bit set."""

    BIND_RECEIVER = 0x00000001
    BIND_TRANSMITTER = 0x00000002
    QUERY_SM = 0x00000003
    SUBMIT_SM = 0x00000004
    DELIVER_SM = 0x00000005
    UNBIND = 0x00000006
    REPLACE_SM = 0x00000007
    CANCEL_SM = 0x00000008
    BIND_TRANSCEIVER = 0x00000009
    OUTBIND = 0x0000000B
    ENQUIRE_LINK = 0x00000015
    SUBMIT_MULTI = 0x00000021
    ALERT_NOTIFICATION = 0x00000102
    DATA_SM = 0x00000103
    GENERIC_NACK = 0x80000000
    BIND_RECEIVER_RESP = 0x80000001
    BIND_TRANSMITTER_RESP = 0x80000002
    QUERY_SM_RESP = 0x80000003
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM_RESP = 0x80000005
    UNBIND_RESP = 0x80000006
    REPLACE_SM_RESP = 0x80000007
    CANCEL_SM_RESP = 0x80000008
    BIND_TRANSCEIVER_RESP = 0x80000009
    ENQUIRE_LINK_RESP = 0x80000015
    SUBMIT_MULTI_RESP = 0x80000021
    DATA_SM_RESP = 0x80000103


class Status(IntEnum):
    """command_status (section 5.1.3, table 5-2). Vendor statuses are no members: PDUs carry plain ints."""

    ESME_ROK = 0x00
    ESME_RINVMSGLEN = 0x01
    ESME_RINVCMDLEN = 0x02
    ESME_RINVCMDID = 0x03
    ESME_RINVBNDSTS = 0x04
    ESME_RALYBND = 0x05
    ESME_RINVPRTFLG = 0x06
    ESME_RINVREGDLVFLG = 0x07
    ESME_RSYSERR = 0x08
    ESME_RINVSRCADR = 0x0A
    ESME_RINVDSTADR = 0x0B
    ESME_RINVMSGID = 0x0C
    ESME_RBINDFAIL = 0x0D
    ESME_RINVPASWD = 0x0E
    ESME_RINVSYSID = 0x0F
    ESME_RCANCELFAIL = 0x11
    ESME_RREPLACEFAIL = 0x13
    ESME_RMSGQFUL = 0x14
    ESME_RINVSERTYP = 0x15
    ESME_RINVNUMDESTS = 0x33
    ESME_RINVDLNAME = 0x34
    ESME_RINVDESTFLAG = 0x40
    ESME_RINVSUBREP = 0x42
    ESME_RINVESMCLASS = 0x43
    ESME_RCNTSUBDL = 0x44
    ESME_RSUBMITFAIL = 0x45
    ESME_RINVSRCTON = 0x48
    ESME_RINVSRCNPI = 0x49
    ESME_RINVDSTTON = 0x50
    ESME_RINVDSTNPI = 0x51
    ESME_RINVSYSTYP = 0x53
    ESME_RINVREPFLAG = 0x54
    ESME_RINVNUMMSGS = 0x55
    ESME_RTHROTTLED = 0x58
    ESME_RINVSCHED = 0x61
    ESME_RINVEXPIRY = 0x62
    ESME_RINVDFTMSGID = 0x63
    ESME_RX_T_APPN = 0x64
    ESME_RX_P_APPN = 0x65
    ESME_RX_R_APPN = 0x66
    ESME_RQUERYFAIL = 0x67
    ESME_RINVOPTPARSTREAM = 0xC0
    ESME_ROPTPARNOTALLWD = 0xC1
    ESME_RINVPARLEN = 0xC2
    ESME_RMISSINGOPTPARAM = 0xC3
    ESME_RINVOPTPARAMVAL = 0xC4
    ESME_RDELIVERYFAILURE = 0xFE
    ESME_RUNKNOWNERR = 0xFF


STATUS_NAMES: Final[dict[int, str]] = {status.value: status.name for status in Status}
COMMAND_NAMES: Final[dict[int, str]] = {command.value: command.name.lower() for command in CommandId}


def status_name(status: int) -> str:
    """Name of a command_status for people; a vendor's own is shown in hexadecimal."""
    return STATUS_NAMES.get(status) or f"0x{status:08x}"


def command_name(command_id: int) -> str:
    """Name of a command_id for people, such as `submit_sm`; an unknown one is shown in hexadecimal."""
    return COMMAND_NAMES.get(command_id) or f"0x{command_id:08x}"


class Ton(IntEnum):
    """Type of number (section 5.2.5)."""

    UNKNOWN = 0
    INTERNATIONAL = 1
    NATIONAL = 2
    NETWORK_SPECIFIC = 3
    SUBSCRIBER = 4
    ALPHANUMERIC = 5
    ABBREVIATED = 6


class Npi(IntEnum):
    """Numbering plan indicator (section 5.2.6)."""

    UNKNOWN = 0
    ISDN = 1
    DATA = 3
    TELEX = 4
    LAND_MOBILE = 6
    NATIONAL = 8
    PRIVATE = 9
    ERMES = 10
    INTERNET = 14
    WAP_CLIENT_ID = 18


class EsmClass(IntEnum):
    """Bits of esm_class (section 5.2.12): mode in 1-0, message type in 5-2, GSM features in 7-6."""

    DEFAULT = 0x00
    DATAGRAM = 0x01
    TRANSACTION = 0x02
    STORE_AND_FORWARD = 0x03
    MODE_MASK = 0x03
    DELIVERY_RECEIPT = 0x04
    DELIVERY_ACK = 0x08
    USER_ACK = 0x10
    CONVERSATION_ABORT = 0x18
    INTERMEDIATE_NOTIFICATION = 0x20
    TYPE_MASK = 0x3C
    UDHI = 0x40
    REPLY_PATH = 0x80


class DataCoding(IntEnum):
    """data_coding (section 5.2.19). SMSC_DEFAULT is, on GSM networks, nearly always GSM 03.38."""

    SMSC_DEFAULT = 0x00
    IA5 = 0x01
    OCTETS_UNSPECIFIED = 0x02
    LATIN_1 = 0x03
    OCTETS = 0x04
    JIS = 0x05
    CYRILLIC = 0x06
    HEBREW = 0x07
    UCS2 = 0x08


class RegisteredDelivery(IntEnum):
    """Bits of registered_delivery (section 5.2.17)."""

    NONE = 0x00
    RECEIPT = 0x01
    RECEIPT_ON_FAILURE = 0x02
    DELIVERY_ACK = 0x04
    USER_ACK = 0x08
    INTERMEDIATE = 0x10


class MessageState(IntEnum):
    """message_state (section 5.2.28)."""

    ENROUTE = 1
    DELIVERED = 2
    EXPIRED = 3
    DELETED = 4
    UNDELIVERABLE = 5
    ACCEPTED = 6
    UNKNOWN = 7
    REJECTED = 8


class Tag(IntEnum):
    """Tags of the optional parameters (section 5.3.2)."""

    DEST_ADDR_SUBUNIT = 0x0005
    DEST_NETWORK_TYPE = 0x0006
    DEST_BEARER_TYPE = 0x0007
    DEST_TELEMATICS_ID = 0x0008
    SOURCE_ADDR_SUBUNIT = 0x000D
    SOURCE_NETWORK_TYPE = 0x000E
    SOURCE_BEARER_TYPE = 0x000F
    SOURCE_TELEMATICS_ID = 0x0010
    QOS_TIME_TO_LIVE = 0x0017
    PAYLOAD_TYPE = 0x0019
    ADDITIONAL_STATUS_INFO_TEXT = 0x001D
    RECEIPTED_MESSAGE_ID = 0x001E
    MS_MSG_WAIT_FACILITIES = 0x0030
    PRIVACY_INDICATOR = 0x0201
    SOURCE_SUBADDRESS = 0x0202
    DEST_SUBADDRESS = 0x0203
    USER_MESSAGE_REFERENCE = 0x0204
    USER_RESPONSE_CODE = 0x0205
    SOURCE_PORT = 0x020A
    DESTINATION_PORT = 0x020B
    SAR_MSG_REF_NUM = 0x020C
    LANGUAGE_INDICATOR = 0x020D
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    CALLBACK_NUM_PRES_IND = 0x0302
    CALLBACK_NUM_ATAG = 0x0303
    NUMBER_OF_MESSAGES = 0x0304
    CALLBACK_NUM = 0x0381
    DPF_RESULT = 0x0420
    SET_DPF = 0x0421
    MS_AVAILABILITY_STATUS = 0x0422
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    DELIVERY_FAILURE_REASON = 0x0425
    MORE_MESSAGES_TO_SEND = 0x0426
    MESSAGE_STATE = 0x0427
    USSD_SERVICE_OP = 0x0501
    DISPLAY_TIME = 0x1201
    SMS_SIGNAL = 0x1203
    MS_VALIDITY = 0x1204
    ALERT_ON_MESSAGE_DELIVERY = 0x130C
    ITS_REPLY_TYPE = 0x1380
    ITS_SESSION_INFO = 0x1383


class TlvKind(StrEnum):
    """How the value of an optional parameter is written."""

    INT1 = "int1"
    INT2 = "int2"
    INT4 = "int4"
    OCTETS = "octets"
    CSTRING = "cstring"


class TlvKnown(NamedTuple):
    """One row of the table of optional parameters."""

    tag: Tag
    name: str
    kind: TlvKind


_NOT_INT1: Final[dict[Tag, TlvKind]] = {
    Tag.DEST_TELEMATICS_ID: TlvKind.INT2,
    Tag.QOS_TIME_TO_LIVE: TlvKind.INT4,
    Tag.ADDITIONAL_STATUS_INFO_TEXT: TlvKind.CSTRING,
    Tag.RECEIPTED_MESSAGE_ID: TlvKind.CSTRING,
    Tag.SOURCE_SUBADDRESS: TlvKind.OCTETS,
    Tag.DEST_SUBADDRESS: TlvKind.OCTETS,
    Tag.USER_MESSAGE_REFERENCE: TlvKind.INT2,
    Tag.SOURCE_PORT: TlvKind.INT2,
    Tag.DESTINATION_PORT: TlvKind.INT2,
    Tag.SAR_MSG_REF_NUM: TlvKind.INT2,
    Tag.CALLBACK_NUM_ATAG: TlvKind.OCTETS,
    Tag.CALLBACK_NUM: TlvKind.OCTETS,
    Tag.NETWORK_ERROR_CODE: TlvKind.OCTETS,
    Tag.MESSAGE_PAYLOAD: TlvKind.OCTETS,
    Tag.USSD_SERVICE_OP: TlvKind.OCTETS,
    Tag.SMS_SIGNAL: TlvKind.INT2,
    Tag.ALERT_ON_MESSAGE_DELIVERY: TlvKind.OCTETS,
    Tag.ITS_SESSION_INFO: TlvKind.OCTETS,
}

TLVS: Final[dict[int, TlvKnown]] = {
    tag.value: TlvKnown(tag, tag.name.lower(), _NOT_INT1.get(tag, TlvKind.INT1)) for tag in Tag
}
