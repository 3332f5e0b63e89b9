"""What a release looks like to its readers: the site, and the files that other programs open.

Belongs here: turning a release directory and the catalogue into pages and files. Does not belong here: computing or
choosing figures (sql/, estimators/), making releases (releases.py).
"""
