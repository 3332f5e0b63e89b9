"""Statistical disclosure control of firm data: which cells are unsafe, what else must go, and the proof that it holds.

Belongs here: pure functions on contributions and tables. Does not belong here: where the parameters lie (settings.py),
estimates (estimators/survey.py), the private store (survey_store.py).

The rules are those of the ESS handbook on disclosure control (chapter 4): minimum frequency, (n,k) dominance and p%,
for contributions that are not negative. Their parameters come from a file outside the repository and stand in no
message.
"""

from observatory.disclosure.domains import closed_domains
from observatory.disclosure.recoding import recode
from observatory.disclosure.rules import Cell, Rules, primary, unsafe_ratio
from observatory.disclosure.suppression import Protected, Published, protect
from observatory.disclosure.tables import Firms, Layout

__all__ = [
    "Cell",
    "Firms",
    "Layout",
    "Protected",
    "Published",
    "Rules",
    "closed_domains",
    "primary",
    "protect",
    "recode",
    "unsafe_ratio",
]
