"""Where a model's SELECT runs.

Belongs here: one module an engine, all with the same two verbs: ``to_arrow`` and ``to_parquet``. Does not belong
here: which models there are or in which order they run (models.py, build.py).
"""
