"""Made-up snapshots for tables whose figures are not to be had, in the publisher's own format.

Belongs here: a seeded economy that is consistent with itself and calibrated to the journal's figures, the tables of
Eustat that follow from it, and their PX files. Does not belong here: real figures (data/embedded/, typed over with
their source) and anything that reads a snapshot (formats/, build.py).

Nothing here is evidence of anything: every lock entry says ``provenance: synthetic, acquired: generated``, and the
mark reaches every row made from it. The same seed gives the same bytes.
"""
