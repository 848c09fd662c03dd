"""Connectors. What lives here: one folder per standard; partner form <-> canonical event, thin I/O.

What may not: importing each other, faust or the ledger. Deciding anything.
Who calls it: `agents/deliver` (outbound), the gateway and the doors (inbound). `contract.py` is the form they
all keep and `catalogue.py` finds them; one conformance test runs against every connector by itself.
"""
