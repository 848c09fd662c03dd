"""Operation. What lives here: settings, logs, metrics, health, the `hub` command, the embedded development stack.

`compose.py` is the composition root: the one place that builds a process out of the rooms. What may not: rules
about consent or routing, SQL, HTTP routes for partners. Who calls it: people at a terminal, containers, tests.
"""
