"""Fuzzing: every parser fed with bytes that somebody, or chance, has made worse.

`make fuzz` runs each parser in a process of its own, guided by coverage (__main__.py); the test suite replays the
corpus and tries a few mutations of it (test_fuzz.py). What must hold is in harness.py, the parsers in targets.py.
"""
