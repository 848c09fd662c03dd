"""The demonstration: six partners, one family, one story, over the real doors of the hub.

`cast.py` names the organisations and writes their configuration, `letters.py` builds what they publish,
`receivers.py` plays their systems, `scenes.py` tells the story and `runner.py` shows it in the terminal. Nothing here
reaches into the hub: everything goes over HTTP as a partner's own software would do it.
"""
