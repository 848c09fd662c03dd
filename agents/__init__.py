"""The Faust workers: the only room that imports faust. Thin: gather, call the core, commit.

`decide` reads the log and decides, `deliver` sends what may leave, `watch` wakes held events and announces
ended consents, `relay` publishes the outbox. `opening` opens permitted sections and imports no faust, so that
the gateway's feed can be given it. What may not live here: rules, SQL, HTTP, settings files.
Who calls it: `hub worker NAME` through `run`, which composes a `Runtime` and hands it to a `build` function.

Everything that leans on Faust's private API is in `driver.py` and is pinned by tests/integration/test_faust_pins.py.
"""
