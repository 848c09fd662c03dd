"""Inspection by the family at the operator's desk: `hub inspect`, as JSON, CSV or a letter (CONSENT.md section 13).

Here lives how an answer looks on paper. What may be seen is decided in `hub.core.inspection` and put into words by
`hub.gateway.inspection_answer`; nothing here adds to it. Called by `hub.operate.command`.
"""
