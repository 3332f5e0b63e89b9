"""The errors a user can meet, each with the exit code of the command that ends on it.

Belongs here: the error classes and their codes, nothing else. Does not belong here: printing (cli.py),
retrying (sources/) or the wording of a single case, which stands where the case is found.

Every message names the place (file, table, dimension, row or cell), says what was expected and what was found,
and ends with the remedy.
"""

from __future__ import annotations

import errno


class ObservatoryError(Exception):
    """Base of all expected failures. ``exit_code`` is what the command line returns."""

    exit_code = 4

    def __init__(self, message: str, *, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message}. {remedy}" if remedy else message)


class CheckFailed(ObservatoryError):
    """A critical check or a claim failed (exit 1)."""

    exit_code = 1


class UsageError(ObservatoryError):
    """The command was asked for something that does not exist (exit 2)."""

    exit_code = 2


class PublisherError(ObservatoryError):
    """A publisher did not answer, or refused (exit 3)."""

    exit_code = 3


class StorageError(ObservatoryError):
    """This machine could not keep what was made: a full disk, a read-only folder, another run (exit 2)."""

    exit_code = 2


class DataError(ObservatoryError):
    """The data is not what its contract says (exit 4)."""


class FormatError(DataError):
    """Bytes that are not what their format says.

    ``name`` is the file, ``where`` the keyword, row or cell; ``expected`` and ``found`` are said in a few words.
    """

    def __init__(self, name: str, where: str, *, expected: str, found: str, remedy: str = "") -> None:
        self.name = name
        self.where = where
        self.expected = expected
        self.found = found
        super().__init__(
            f"{name}: {where}: expected {expected}, found {found}",
            remedy=remedy or "Fetch the file again; if it stays so, the publisher has changed the format",
        )


REMEDIES = {
    errno.ENOSPC: "Free space on that disk and run again; what stood before still stands",
    errno.EDQUOT: "Free space within the quota and run again; what stood before still stands",
    errno.EROFS: "Make that file system writable, or set OBSERVATORY_DATA to a folder that is",
    errno.EACCES: "Give this user the right to write there, or set OBSERVATORY_DATA to a folder that has it",
    errno.EPERM: "Give this user the right to write there, or set OBSERVATORY_DATA to a folder that has it",
}


def of_storage(error: OSError) -> StorageError:
    """What the operating system refused, as an error that names the place and the remedy."""
    place = error.filename or "the data folder"
    remedy = REMEDIES.get(error.errno or 0, "Run `observatory doctor` to see what is wrong with the folder")
    return StorageError(f"{place}: {error.strerror or error}", remedy=remedy)
