"""Text tables: columns by any spelling of their names, numbers in any country's way."""

from __future__ import annotations

import pytest
from label_files import write

from mabe_lit.readers.files import first_line, parse_number
from mabe_lit.readers.tables import column_key, head_keys, open_table
from mabe_lit.shell import InputError


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Start (s)", "start_s"),
        ("start_s", "start_s"),
        ("StartFrame", "start_frame"),
        (" Time [ms] ", "time_ms"),
        ("Modifier #1", "modifier_1"),
        ("", ""),
    ],
)
def test_column_key_is_one_spelling(name, key):
    assert column_key(name) == key


@pytest.mark.parametrize(
    ("text", "delimiter", "value"),
    [("1.5", ",", 1.5), ("1,5", ";", 1.5), ("1,5", "\t", 1.5), ("3", ";", 3), ("1e-2", ",", 0.01)],
)
def test_number_has_a_point_or_a_comma(text, delimiter, value):
    assert parse_number(text, delimiter) == value


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [("1,5", ","), ("1.234,5", ";"), ("1,234,5", ";"), ("nan", ","), ("inf", ","), ("1_0", ",")],
)
def test_what_is_no_number_is_refused(text, delimiter):
    with pytest.raises(ValueError):  # noqa: PT011 - float's own message is as good
        parse_number(text, delimiter)


def test_rows_know_their_lines(tmp_path):
    path = write(tmp_path, '\nsep=;\na;b\n1;"x;y"\n\n2;z;\n\n')
    table = open_table(path)
    assert table.header == ("a", "b")
    assert list(table.rows()) == [(4, ["1", "x;y"]), (5, []), (6, ["2", "z"])]
    assert head_keys(path.read_text()) == ["a", "b"]


def test_quoted_cell_may_hold_lines_and_rows_know_their_first(tmp_path):
    path = write(tmp_path, 'a,"b\nc"\n1,"x\n\ny"\n2,z\n')
    table = open_table(path)
    assert table.keys == ("a", "b_c")
    assert list(table.rows()) == [(3, ["1", "x\n\ny"]), (6, ["2", "z"])]


@pytest.mark.parametrize("lines", [1, 200])
def test_quote_that_does_not_end_is_named_by_its_line(tmp_path, lines):
    path = write(tmp_path, 'a,b\n1,2\n3,"4\n' + "5,6\n" * lines)
    with pytest.raises(InputError, match="line 3: has a quote that does not end"):
        list(open_table(path).rows())


def test_quote_within_a_cell_is_a_sign_of_it(tmp_path):
    table = open_table(write(tmp_path, 'a,b\n1,5" tube\n2,6" tube\n'))
    assert list(table.rows()) == [(2, ["1", '5" tube']), (3, ["2", '6" tube'])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_first_line_ends_as_any_tool_ends_it(end):
    assert first_line(f"\ufeff{end} a\u2028b{end}c{end}") == " a\u2028b"
    assert first_line("") == ""


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"b\.csv: no such file"):
        open_table(tmp_path / "b.csv")
