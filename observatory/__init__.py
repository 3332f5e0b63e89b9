"""A data observatory on knowledge-intensive business services (KIBS) and servitization.

The library. Only ``definitions.py`` and the ``assets`` package know Dagster. Imports run one way:
cli, assets → publishing, releases, models → sources, formats, snapshots, estimators → catalogue, settings.
"""
