"""Compressed units: a format wrapped in gzip, or in the members of a zip archive.

Limits hold while bytes come out, not after: a unit that unpacks to more than 100 times its size, or to more than the
total, is refused before it fills the memory.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

from tundish.errors import Invalid
from tundish.faults import Fault
from tundish.formats.contract import Answered, Decoded, Format, InterchangeFormat, Undecodable
from tundish.model import Value

ContainerKind = Literal["gzip", "zip"]

RATIO = 100
"""How many times larger than its compressed form a unit may be."""
FREE = 1024 * 1024
"""Bytes that may always come out: small units of repeated text compress better than the ratio."""
ENTRIES = 1000
"""How many members an archive may have."""
TOTAL = 4 * 1024 * 1024 * 1024
"""How many bytes a unit may unpack to."""
_ARCHIVE = 64 * 1024 * 1024
"""Largest archive; its table of contents stands at the end, so that it is held as a whole."""
_PIECE = 64 * 1024
_ENTRY = b"PK\x01\x02"
"""Begins each entry of an archive's table of contents (APPNOTE 4.3.12)."""


def contained(inner: Format, kind: ContainerKind | None) -> Format:
    """The format with its container, if it has one."""
    if kind is None:
        return inner
    return ContainedInterchange(inner, kind) if isinstance(inner, InterchangeFormat) else Contained(inner, kind)


class Contained(Format):
    """A format inside a container. Writing compresses one document."""

    def __init__(self, inner: Format, kind: ContainerKind) -> None:
        self._inner = inner
        self._kind = kind

    @property
    def content_type(self) -> str:  # type: ignore[override]  # a wrapper has no type of its own class
        """What the transport is told."""
        return f"application/{self._kind}"

    def decode(self, chunks: Iterable[bytes]) -> Iterator[Decoded | Undecodable]:
        """The records of the document, or of all members in the order of their names."""
        for name, document in self._documents(chunks):
            for one in self._inner.decode(document):
                yield _named(name, one) if name else one

    def encode(self, records: Sequence[Value]) -> bytes:
        """The inner format's bytes, compressed; the same records give the same bytes."""
        return self._packed(self._inner.encode(records))

    def _documents(self, chunks: Iterable[bytes]) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Names and contents; what is not in an archive has no name."""
        return iter([("", _Unpacked(chunks))]) if self._kind == "gzip" else _members(chunks)

    def _packed(self, body: bytes) -> bytes:
        if self._kind == "gzip":
            return gzip.compress(body, mtime=0)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(zipfile.ZipInfo("message"), body, zipfile.ZIP_DEFLATED)
        return buffer.getvalue()


class ContainedInterchange(Contained, InterchangeFormat):
    """Interchanges inside a container."""

    def __init__(self, inner: InterchangeFormat, kind: ContainerKind) -> None:
        super().__init__(inner, kind)
        self._interchanges = inner

    @property
    def series(self) -> str:
        """The series of the interchanges inside."""
        return self._interchanges.series

    def encode(self, records: Sequence[Value], *, control: int = 1, now: datetime | None = None) -> bytes:
        """One interchange, compressed."""
        return self._packed(self._interchanges.encode(records, control=control, now=now))

    def answers(self, chunks: Iterable[bytes]) -> Iterator[Value]:
        """The acknowledgements for all documents."""
        for _, document in self._documents(chunks):
            yield from self._interchanges.answers(document)

    def answered(self, record: Value) -> Sequence[Answered]:
        """What a decoded record acknowledges."""
        return self._interchanges.answered(record)

    def identity(self, record: Value) -> Sequence[Value]:
        """What identifies a decoded message."""
        return self._interchanges.identity(record)


def _named(name: str, one: Decoded | Undecodable) -> Decoded | Undecodable:
    """The same, with the member of the archive in front of its place."""
    if isinstance(one, Decoded):
        return Decoded(one.record, f"{name} {one.where}".rstrip())
    faults = (replace(fault, path=f"{name} {fault.path}".rstrip()) for fault in one.faults)
    return Undecodable(one.raw, tuple(faults))


class _Unpacked:
    """The bytes inside of gzip members, in a stream; it can be read again where the chunks can."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        taken = given = 0
        # RFC 1952, 2.2: a file is a series of members.
        decoder, begun, members = zlib.decompressobj(wbits=31), False, 0
        for chunk in self._chunks:
            taken += len(chunk)
            data = chunk
            while data := data if begun or not members else data.lstrip(b"\0"):
                begun = True
                try:
                    piece = decoder.decompress(data, _PIECE)
                except zlib.error as error:
                    raise _refused(f"offset {taken}", f"this is not gzip ({error})", "send it again") from None
                given += len(piece)
                _check(taken, given)
                if piece:
                    yield piece
                data = decoder.unconsumed_tail
                if decoder.eof:
                    data = decoder.unused_data
                    decoder, begun, members = zlib.decompressobj(wbits=31), False, members + 1
        if begun:
            raise _refused(f"offset {taken}", "the compressed data ends too early", "send it again")
        if not taken:
            raise _refused("", "the unit is empty", "send a compressed document")


def _members(chunks: Iterable[bytes]) -> Iterator[tuple[str, Iterable[bytes]]]:
    body = io.BytesIO()
    for chunk in chunks:
        body.write(chunk)
        if body.tell() > _ARCHIVE:
            raise _refused("", f"the archive has more than {_ARCHIVE} bytes", "send smaller ones, or gzip")
    size = body.tell()
    # The table of contents is read as a whole, so that its entries are counted before.
    if body.getvalue().count(_ENTRY) > ENTRIES:
        raise _refused("", f"the archive has more than {ENTRIES} members", "send it in parts")
    try:
        archive = zipfile.ZipFile(body)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise _refused("", f"this is no zip archive ({error})", "send it again") from None
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if not entries:
            raise _refused("", "the archive is empty", "send at least one file in it")
        given = 0
        for entry in sorted(entries, key=lambda entry: entry.filename):
            # Names only tell where a record came from; nothing is ever written under them.
            name = PurePosixPath(entry.filename.replace("\\", "/")).name
            name = "member" if name in ("", "..") else name
            if entry.flag_bits & 0x1:
                raise _refused(name, "the member is encrypted", "send it without a password")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise _refused(name, f"compression method {entry.compress_type} is not known here", "use `deflate`")
            given += entry.file_size
            _check(size, given)
            yield name, _Member(archive, entry, name)


class _Member:
    """The bytes of one member of an archive; they can be read again."""

    def __init__(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> None:
        self._archive = archive
        self._entry = entry
        self._name = name

    def __iter__(self) -> Iterator[bytes]:
        try:
            with self._archive.open(self._entry) as file:
                # zipfile stops at the size that the table of contents names, so that a member cannot be larger than
                # was checked.
                while piece := file.read(_PIECE):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError) as error:
            raise _refused(self._name, f"the member is damaged ({error})", "send it again") from None


def _check(taken: int, given: int) -> None:
    if given > TOTAL or (given > FREE and given > taken * RATIO):
        fact = f"{taken} compressed bytes unpack to more than {given - 1}"
        raise _refused("", fact, f"a unit may unpack to {RATIO} times its size, and to {TOTAL} bytes")


def _refused(where: str, fact: str, cure: str) -> Invalid:
    fault = Fault(where, fact, cure)
    return Invalid(f"not readable as a container: {fault}", faults=(fault,))
