"""The decision. What lives here: the rules of consent, deduplication and routing as pure functions.

What may not: I/O, a clock, randomness, logging, any third party package, `async def`. "Now" is an argument.
Who calls it: `agents/decide` and `agents/watch` through `batch`, the ledger's claim through `recheck`,
`hub vectors` through `decision`, `judge` and `routing`.

Start reading at `decision.py`: it is the one module that knows the order of the gates.
"""
