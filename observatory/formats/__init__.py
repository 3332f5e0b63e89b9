"""Publishers' file formats: bytes in, one long Arrow table out.

Belongs here: pure functions ``read(data: bytes, *, name: str) -> pyarrow.Table``. Does not belong here: files,
network, settings, our own codes (core tables) or any judgement of the figures (checks).

Every reader returns the same shape (``cube.py`` builds it), one row a cell of the published cube:

* per dimension, in the publisher's order and under the publisher's own name, a dictionary-encoded column of
  codes, and ``<dimension>__label`` (``<dimension>__label_<lang>`` for further languages) where labels are given;
* ``value`` (double, null where nothing was published), ``flag`` (the publisher's own mark, verbatim, null if
  none) and ``kind``: ``value``, ``nil`` (none, a zero that cannot be otherwise) or ``missing`` (not available);
* what the file says of itself (title, units, updated, source, notes) as JSON in the schema metadata.
"""
