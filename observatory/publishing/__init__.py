"""What is made from a release for readers: the site, the workbook and the open formats.

Belongs here: turning a release directory into files for people and programs. Does not belong here: making or checking
figures (build.py, quality.py), releases themselves (releases.py), words on the command line (cli_exports.py). Nothing
of the library imports this package but the command line and the door of ``import observatory``.
"""
