"""What activities have to do with one another, read from the places that are specialised in both.

Belongs here: proximity of activities, density of a place's specialisations around an activity, and economic
complexity. Does not belong here: location quotients (intervals.py), and variety, which takes relatedness from the
classification's sections (structure.py).

``m`` is places by activities, 1 where the place is specialised. All of this needs a wide matrix: with a dozen
places it describes the dozen.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from observatory.errors import DataError
from observatory.estimators.trend import Floats

SAME = 1e-9  # eigenvalues, correlations nearer than this are alike but for the arithmetic


def specialised(quotients: npt.ArrayLike, threshold: float = 1.0) -> Floats:
    """1 where a location quotient reaches ``threshold`` (give or take the arithmetic), else 0; places by activities.

    Raises DataError for a missing quotient: absent and unknown are not the same.
    """
    lq = np.asarray(quotients, dtype=np.float64)
    if lq.ndim != 2 or not np.isfinite(lq).all():
        raise DataError(
            f"specialised: expected places by activities without gaps, found shape {lq.shape}, "
            f"{np.count_nonzero(~np.isfinite(lq))} missing",
            remedy="Leave out the activities or places that are not complete",
        )
    return (lq >= threshold * (1 - SAME)).astype(np.float64)


def proximity(m: npt.ArrayLike) -> Floats:
    """Proximity of activities, phi_ij = min(P(i | j), P(j | i)) over places; activities by activities, 0 to 1.

    That is the places with both over the places of the more common one. Symmetric; 1 on the diagonal, 0 for an
    activity that no place is specialised in. Source: Hidalgo, Klinger, Barabási and Hausmann 2007, Science 317.
    """
    m = _binary(m)
    together, places = m.T @ m, m.sum(axis=0)
    larger = np.maximum(places[:, None], places[None, :])
    return np.divide(together, larger, out=np.zeros_like(together), where=larger > 0)


def density(m: npt.ArrayLike, phi: npt.ArrayLike | None = None) -> Floats:
    """Density of a place's specialisations around each activity, places by activities, 0 to 1.

    sum_{j != i} phi_ij m_rj / sum_{j != i} phi_ij, ``phi`` by default ``proximity(m)``. The activity's own
    proximity of 1 is left out of both sums: with it (as py-ecomplexity has it) an activity would speak for itself,
    and every place would look close to what it has already. NaN where an activity is near no other. Source:
    Hidalgo et al. 2007, without the diagonal. Raises DataError for a ``phi`` of another shape.
    """
    m = _binary(m)
    phi = proximity(m) if phi is None else np.array(phi, dtype=np.float64)
    if phi.shape != (m.shape[1], m.shape[1]):
        raise DataError(
            f"density: expected proximities of {m.shape[1]} activities, found shape {phi.shape}",
            remedy="Take both from the same activities",
        )
    others = phi - np.diag(np.diag(phi))
    total = others.sum(axis=1)
    return np.divide(m @ others.T, total, out=np.full(m.shape, np.nan), where=total > 0)


def eci_eigenvector(m: npt.ArrayLike) -> Floats:
    """Economic complexity of each place: second eigenvector of D^-1 M U^-1 M', mean 0 and sd 1 (over n).

    D diversities (activities of a place), U ubiquities (places of an activity). An eigenvector has no sign of
    its own: it is turned so that it goes up with diversity (correlation above 0), and where it has none to do
    with diversity, so that the first place off 0 is positive. Source: Hidalgo and Hausmann 2009, PNAS 106; as
    eigenvector Hausmann et al. 2014, The Atlas of Economic Complexity.

    Raises DataError for a place without specialisation, for a matrix that falls into parts that share nothing
    (the second eigenvector then tells the parts apart and nothing else), and for second and third eigenvalues
    alike.
    """
    m, diversity = _connected(m)
    # The symmetric matrix D^-1/2 M U^-1 M' D^-1/2 has the same eigenvalues, and eigenvectors D^1/2 v.
    values, vectors = np.linalg.eigh(_similar(m, diversity))
    second, third = values[-2], values[-3] if len(values) > 2 else 0.0
    if second - third < SAME:
        raise DataError(
            f"eci: the second and third eigenvalue are alike ({second:.6g}): no second eigenvector",
            remedy="Widen the set of places and activities",
        )
    return _signed(vectors[:, -2] / np.sqrt(diversity), diversity)


def eci_iterations(m: npt.ArrayLike, tolerance: float = 1e-12, most: int = 100_000) -> Floats:
    """``eci_eigenvector`` by the method of reflections: k <- D^-1 M U^-1 M' k from k = diversity, until it stays.

    One step is two reflections, so that k is always about places (after an odd number it is the mean ubiquity of
    what they do, which runs the other way). Scale and mean vanish as steps go on and are taken out at each, which
    changes nothing, the rows of the matrix adding to 1. Sign as in ``eci_eigenvector``, and the same figures unless
    diversity has no part in the second eigenvector. Source: Hidalgo and Hausmann 2009. Raises DataError as that
    does, where all places are equally diverse (nothing to start from), and where it has not settled within
    ``most`` steps.
    """
    m, diversity = _connected(m)
    if not np.ptp(diversity) > 0:
        raise DataError("eci: all places are equally diverse: reflections do not move", remedy="Use eci_eigenvector")
    ubiquity = m.sum(axis=0)
    step = (m / ubiquity) @ m.T / diversity[:, None]
    k = _standardised(diversity)
    for _ in range(most):
        following = _standardised(step @ k)
        if np.abs(following - k).max() < tolerance:
            return _signed(following, diversity)
        k = following
    raise DataError(f"eci: not settled after {most} steps", remedy="Use eci_eigenvector")


def _similar(m: Floats, diversity: Floats) -> Floats:
    scaled = m / np.sqrt(diversity)[:, None]
    return np.asarray((scaled / m.sum(axis=0)) @ scaled.T)


def _connected(m: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The matrix without activities that no place has, and the diversities."""
    m = _binary(m)
    m = m[:, m.sum(axis=0) > 0]
    diversity = m.sum(axis=1)
    if (empty := np.flatnonzero(diversity == 0)).size or len(m) < 2:
        raise DataError(
            f"eci: expected two places or more, each specialised in something, found {len(m)} places, "
            f"nothing at position {', '.join(map(str, empty))}",
            remedy="Leave out places without specialisation",
        )
    shared = m @ m.T > 0
    reached: npt.NDArray[np.bool_] = shared[0]
    for _ in range(len(m)):
        reached = np.asarray(shared[reached].any(axis=0))
    if not reached.all():
        raise DataError(
            f"eci: the matrix falls into parts that share no activity: places {np.flatnonzero(reached).tolist()} and "
            f"{np.flatnonzero(~reached).tolist()}",
            remedy="Compute each part by itself, or take broader activities",
        )
    return m, diversity


def _standardised(k: Floats) -> Floats:
    centred = k - k.mean()
    return np.asarray(centred / centred.std())


def _signed(k: Floats, diversity: Floats) -> Floats:
    """``k`` standardised, going up with diversity; failing that, the first place off 0 positive."""
    k = _standardised(k)
    lean = float(k @ (diversity - diversity.mean()))
    if abs(lean) <= SAME * len(k) * max(float(np.ptp(diversity)), 1.0):
        lean = float(k[np.abs(k) > SAME][0])
    return k if lean > 0 else -k


def _binary(m: npt.ArrayLike) -> Floats:
    m = np.asarray(m, dtype=np.float64)
    if m.ndim != 2 or not m.size or not np.isin(m, (0.0, 1.0)).all():
        raise DataError(
            f"relatedness: expected places by activities of 0 and 1, found shape {m.shape}",
            remedy="Make it with `specialised`",
        )
    return m
