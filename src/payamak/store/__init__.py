"""Durable state: the Store protocol, the Feed, and the stores that keep the protocol."""
