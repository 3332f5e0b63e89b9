"""A store that is a bucket of S3, Google Cloud Storage or Azure, through fsspec.

Belongs here: asking those services, and their errors in our words. Does not belong here: what a store can do in
general (objects.py), which objects there are (sharing.py).

The services show an object when all of it has come. A write on a condition is S3's If-Match and If-None-Match (Amazon
S3 User Guide, "Conditional writes"), Google's ``ifGenerationMatch`` (Cloud Storage JSON API, "Request
preconditions"), Azure's If-Match (Blob service REST API, "Specifying conditional headers"). Log-ins come from the
environment that each service's own tools read; they stand neither in an address nor in an error.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from observatory.errors import StorageError, UsageError
from observatory.objects import Entry, Moved, Objects, Seen

VERSION = {"s3": "ETag", "gs": "generation", "az": "etag"}
CHANGED = ("LastModified", "updated", "last_modified")


class Bucket(Objects):
    """A bucket of S3, Google or Azure, through fsspec."""

    def __init__(self, scheme: str, path: str) -> None:
        self.scheme = scheme
        self.root = path
        self.url = f"{scheme}://{path}"
        self.fs = _file_system(scheme)
        self.faults = _faults(scheme)

    def _path(self, key: str) -> str:
        return f"{self.root}/{key}"

    @contextlib.contextmanager
    def _said(self, key: str) -> Iterator[None]:
        """Errors of the service in our words: what they say of requests and log-ins is not repeated."""
        try:
            yield
        except FileNotFoundError:
            raise
        except self.faults as error:
            said = ": ".join(filter(None, [type(error).__name__, _code(error)]))
            raise StorageError(
                f"{self.where(key)}: the store did not do as asked ({said})",
                remedy="Look at address, log-in and rights, and at the network; what stood before still stands",
            ) from None

    def _info(self, key: str) -> dict[str, Any] | None:
        with self._said(key):
            try:
                self.fs.invalidate_cache()
                found: dict[str, Any] = self.fs.info(self._path(key))
            except FileNotFoundError:
                return None
        return found if found["type"] == "file" else None

    def read(self, key: str) -> Seen | None:
        """Bytes between two equal answers to what version stands there."""
        before = self._info(key)
        while before is not None:
            with self._said(key):
                try:
                    data: bytes = self.fs.cat_file(self._path(key))
                except FileNotFoundError:
                    return None
            after = self._info(key)
            version = VERSION[self.scheme]
            if after is not None and after[version] == before[version]:
                return Seen(data, str(after[version]))
            before = after
        return None

    def get(self, key: str, target: Path) -> None:
        """Download, a part after another."""
        with self._said(key):
            try:
                self.fs.get_file(self._path(key), str(target))
            except FileNotFoundError as error:
                raise self.missing(key) from error

    def send(self, source: Path, key: str) -> None:
        """Upload; the service shows the object when all of it has come."""
        with self._said(key):
            self.fs.put_file(str(source), self._path(key))

    def replace(self, key: str, data: bytes, version: str | None) -> str:
        """One conditional request. A write whose answer was lost and that was asked for again counts as done."""
        with self._said(key):
            moved = not _conditional(self.fs, self.scheme, self._path(key), data, version)
        seen = self.read(key)
        if moved and self.scheme == "s3" and version is not None and seen is not None and seen.version == version:
            # Ceph up to 16 compares the header with the bare hash; the tag of the standard has quotes around it
            with self._said(key):
                moved = not _conditional(self.fs, self.scheme, self._path(key), data, version.strip('"'))
            seen = self.read(key)
        if moved and (seen is None or seen.data != data):
            raise Moved(key)
        return seen.version if seen is not None else ""

    def entries(self, prefix: str) -> dict[str, Entry]:
        """One listing, not from a cache."""
        with self._said(prefix):
            self.fs.invalidate_cache()
            try:
                found = self.fs.find(self._path(prefix), detail=True)
            except FileNotFoundError:
                return {}
        cut = len(self.root) + 1
        return {
            path[cut:]: Entry(int(said["size"]), _moment(next((said[k] for k in CHANGED if said.get(k)), None)))
            for path, said in sorted(found.items())
            if said["type"] == "file"
        }

    def delete(self, key: str) -> None:
        """Remove one object by one request: not every service takes a list."""
        with self._said(key), contextlib.suppress(FileNotFoundError):
            self.fs.rm_file(self._path(key))


def _file_system(scheme: str) -> Any:
    """fsspec's file system, listings not cached. Raises UsageError if what it needs is not installed."""
    try:
        if scheme == "s3":
            import s3fs

            return s3fs.S3FileSystem(use_listings_cache=False)
        if scheme == "gs":
            import gcsfs

            return gcsfs.GCSFileSystem(use_listings_cache=False)
        import adlfs

        return adlfs.AzureBlobFileSystem(use_listings_cache=False)
    except ImportError as error:
        raise UsageError(
            f"a store at {scheme}:// needs {error.name}, which is not installed",
            remedy="Run `make extras`, or install the project with its extra `cloud`",
        ) from error


def _faults(scheme: str) -> tuple[type[Exception], ...]:
    """What a service's library raises beside OSError."""
    if scheme == "s3":
        from botocore.exceptions import BotoCoreError, ClientError

        return OSError, BotoCoreError, ClientError
    if scheme == "gs":
        import aiohttp
        import gcsfs.retry
        import google.auth.exceptions

        return OSError, aiohttp.ClientError, gcsfs.retry.HttpError, google.auth.exceptions.GoogleAuthError
    from azure.core.exceptions import AzureError

    return OSError, AzureError, ValueError


def _conditional(fs: Any, scheme: str, path: str, data: bytes, version: str | None) -> bool:
    """Ask for a conditional write; returns whether it was done."""
    bucket, _, key = path.partition("/")
    if scheme == "s3":
        condition = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}
        try:
            fs.call_s3("put_object", Bucket=bucket, Key=key, Body=data, **condition)
        except FileExistsError:
            return False
        except OSError as error:
            # 404: an object that should have this version is gone; 409: another write of it is under way
            if _code(error) in {"PreconditionFailed", "412", "NoSuchKey", "404", "ConditionalRequestConflict", "409"}:
                return False
            raise
        return True
    if scheme == "gs":
        import gcsfs.retry

        try:
            fs.call(
                "POST",
                f"{fs._location}/upload/storage/v1/b/{bucket}/o",
                uploadType="media",
                name=key,
                ifGenerationMatch=version or "0",
                data=data,
            )
        except FileExistsError:
            return False
        except gcsfs.retry.HttpError as error:
            if str(error.code) == "412":
                return False
            raise
        return True
    return _conditional_azure(fs, bucket, key, data, version)


def _conditional_azure(fs: Any, container: str, key: str, data: bytes, version: str | None) -> bool:
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
    from fsspec.asyn import sync

    async def upload() -> None:
        async with fs.service_client.get_blob_client(container=container, blob=key) as client:
            if version is None:
                await client.upload_blob(data, overwrite=False)
            else:
                tag = f'"{version.strip(chr(34))}"'
                await client.upload_blob(data, overwrite=True, etag=tag, match_condition=MatchConditions.IfNotModified)

    try:
        sync(fs.loop, upload)
    except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
        return False
    return True


def _code(error: BaseException) -> str:
    """The service's own word for a failure, e.g. AccessDenied; empty if it gave none."""
    for one in (error, error.__cause__):
        response = getattr(one, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
    code = getattr(error, "error_code", None) or getattr(error, "code", None) or getattr(error, "strerror", None)
    return str(code) if isinstance(code, str | int) and len(str(code)) < 60 else ""


def _moment(said: Any) -> datetime | None:
    """When an object was written, as the service says it."""
    if isinstance(said, str):
        said = datetime.fromisoformat(said)
    return said if isinstance(said, datetime) else None
