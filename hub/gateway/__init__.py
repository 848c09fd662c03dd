"""The gateway: the HTTP door for partners, an ASGI application. Start reading at `app.py`, then `publishing.py`.

What lives here: who are you (`authentication`), may you send this (`publishing`), receipts, subscriptions, the
cursor feed and the live feed, the API description, health. Compatible with the VNG Notification API 0.1.5.
What may not: deciding about sharing, opening sealed content (`open_delivery` is handed in), importing connectors,
agents or faust, connecting to anything while being imported.
Who calls it: `hub gateway` and `hub up` compose `GatewayParts` and hand them to `create_app`; the delivering worker
uses `sinks.py` to open the address and secret of a subscription.
Every error is a problem document with a reason of `problems.py`; no field value or exception text leaves here.
"""
