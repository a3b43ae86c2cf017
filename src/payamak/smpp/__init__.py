"""SMPP 3.4: codec and session without I/O, and one asyncio file with the sockets (`link`).

constants   the numbers of the specification, by name
errors      ProtocolError and its two kinds
fields      the wire description: what a field looks like in octets
pdu         one dataclass per PDU, one encoder, one decoder
frames      octets into whole PDUs
config      the limits and timers of one session
overdue     the requests that a late answer may still belong to
session     the state machine of either end; octets and the clock go in, events and octets come out
receipt     what a delivery receipt says
shown       a PDU as a person may see it
link        sockets: a client that stays bound, a server that is bound to
"""
