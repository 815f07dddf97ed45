"""Parquet files, column by column, of the kinds that are expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit.shell import InputError

WHOLE, NUMBER, TEXT = "whole numbers", "numbers", "text"
"""Kinds of columns; any width will do."""


def import_pyarrow(path: Path) -> Any:
    """The package ``pyarrow``, with ``parquet``, which ``path`` needs.

    Raises:
        InputError: If it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise InputError(
            f"{path}: parquet files need pyarrow, which is not installed: "
            "pip install 'mabe_lit[mabe2025]'"
        ) from error
    return pyarrow


class Columns:
    """Columns of an open parquet file; each is read when it is asked for."""

    def __init__(self, path: Path, file: Any) -> None:
        """See ``open_columns``."""
        self._path = path
        self._file = file

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self._file.metadata.num_rows)

    def whole(self, name: str) -> npt.NDArray[np.integer]:
        """``(M,)`` whole numbers, as wide as the file has them.

        Raises:
            InputError: If a row has none.
        """
        column = self._read(name)
        if column.null_count:
            row = int(column.is_null().to_numpy().argmax())
            raise InputError(f"{self._path}: row {row}: {name} is empty, expected a whole number")
        values = np.asarray(column.to_numpy())
        if values.dtype == np.uint64 and values.max(initial=0) > np.iinfo(np.int64).max:
            raise InputError(f"{self._path}: {name} holds {values.max()}")
        return values

    def number(self, name: str) -> npt.NDArray[np.float32]:
        """``(M,)`` numbers, NaN where a row has none."""
        with np.errstate(over="ignore"):  # becomes infinite, which is refused as a coordinate
            return np.asarray(self._read(name).to_numpy(), np.float32)

    def text(self, name: str) -> tuple[npt.NDArray[np.int32], list[str]]:
        """``(M,)`` index of each row's text, and the texts.

        Raises:
            InputError: If a row has none.
        """
        column = self._read(name)
        if not hasattr(column.type, "value_type"):
            column = column.dictionary_encode()
        pieces = column.unify_dictionaries().chunks
        names = [str(each or "") for each in pieces[0].dictionary.to_pylist()] if pieces else []
        codes = [np.asarray(piece.indices.fill_null(-1), np.int32) for piece in pieces]
        rows = np.concatenate([np.zeros(0, np.int32), *codes])
        is_empty = np.array([not each.strip() for each in names] + [True])[rows]
        if is_empty.any():
            row = int(is_empty.argmax())
            raise InputError(f"{self._path}: row {row}: {name} is empty, expected a name")
        return rows, names

    def _read(self, name: str) -> Any:
        column = self._file.read(columns=[name], use_threads=False).column(0)
        if len(column) != self.rows:
            raise InputError(
                f"{self._path}: is damaged: column {name} has {len(column)} of {self.rows} rows"
            )
        return column


@contextmanager
def open_columns(path: Path, kinds: Mapping[str, str]) -> Iterator[Columns]:
    """Open a parquet file.

    Args:
        path: The file.
        kinds: The columns that it must have, and of which kind; others are not looked at.

    Raises:
        InputError: If pyarrow is not installed, or the file is missing, damaged, or lacks one of
            the columns or has it of another kind.
    """
    pyarrow = import_pyarrow(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    texts = [name for name, kind in kinds.items() if kind == TEXT]
    try:
        with pyarrow.parquet.ParquetFile(
            path, read_dictionary=texts, page_checksum_verification=True
        ) as file:
            _check_kinds(path, file.schema_arrow, kinds, pyarrow.types)
            yield Columns(path, file)
    except InputError:
        raise
    except Exception as error:  # pyarrow raises nearly anything on a damaged file
        raise InputError(f"{path}: is a damaged or incomplete parquet file ({error})") from error


def _check_kinds(path: Path, schema: Any, kinds: Mapping[str, str], types: Any) -> None:
    if missing := [name for name in kinds if schema.names.count(name) != 1]:
        raise InputError(
            f"{path}: has columns {', '.join(schema.names) or 'none'}, expected one of each of "
            f"{', '.join(kinds)} (not: {', '.join(missing)})"
        )
    for name, kind in kinds.items():
        found = schema.field(name).type
        found = found.value_type if types.is_dictionary(found) else found
        if not _is_of_kind(found, kind, types):
            raise InputError(f"{path}: column {name} is of {found}, expected {kind}")


def _is_of_kind(found: Any, kind: str, types: Any) -> bool:
    if kind == TEXT:
        return bool(types.is_string(found) or types.is_large_string(found))
    is_whole = types.is_integer(found)
    return bool(is_whole if kind == WHOLE else is_whole or types.is_floating(found))
