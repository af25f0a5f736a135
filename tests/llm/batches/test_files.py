"""Files of texts: what stands in them, or the line that is wrong."""

import io

import pytest

from llm.batches import files
from llm.batches.files import MOST_BYTES, Table
from llm.batches.texts import MOST_ITEMS, Text, Unusable, checked


def read(content: str | bytes, name: str = "texts.csv", column: str = "") -> Table:
    written = content.encode() if isinstance(content, str) else content
    return files.read(io.BytesIO(written), name, column)


def texts(table: Table) -> list[str]:
    return [text.text for text in table.texts]


def fields(table: Table) -> list[dict[str, object]]:
    return [dict(text.fields) for text in table.texts]


@pytest.mark.parametrize(
    ("content", "column"),
    [
        ("text\na\nb\n", ""),
        ("words\na\nb\n", ""),
        ("id,Text\n1,a\n2,b\n", ""),
        ("id,words\n1,a\n2,b\n", "words"),
        ("\ufeffid;text\r\n1;a\r\n2;b\r\n", ""),
        ("text\tid\na\t1\nb\t2", ""),
        ('"id","text"\n"1","a"\n\n"2","b"\n\n', ""),
    ],
)
def test_tables_of_all_kinds(content: str, column: str) -> None:
    assert texts(read(content, column=column)) == ["a", "b"]


def test_what_stands_beside_the_text_is_kept() -> None:
    table = read('id,text,x\n1,"a, ""b""\nc",\n')
    assert texts(table) == ['a, "b"\nc']
    assert fields(table) == [{"id": "1", "x": ""}]
    assert (table.columns.names, table.columns.text) == (("id", "text", "x"), 1)


@pytest.mark.parametrize("name", ["texts.jsonl", "texts.ndjson", "texts"])
def test_lines_of_json(name: str) -> None:
    table = read('{"id": 1, "text": "a"}\n\n{"text": "b", "tags": ["x"]}\n', name)
    assert (texts(table), fields(table)) == (["a", "b"], [{"id": 1}, {"tags": ["x"]}])
    assert table.columns.names == ("id", "text", "tags")
    assert texts(read('"a"\n"b"\n', "texts.jsonl")) == ["a", "b"]
    assert texts(read('{"words": "a"}', "texts.jsonl", "words")) == ["a"]


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        ('text\n"a\n', "a.csv", "Line 2: It cannot be read as CSV"),
        ('text\na\n"b"c\n', "a.csv", "Line 3: It cannot be read as CSV"),
        ("id,text\n1,a\n2\n", "a.csv", "Line 3: It has 1 fields"),
        ("id,text\n1,a,b\n", "a.csv", "Line 2: It has 3 fields"),
        ("text,text\n1,a\n", "a.csv", "Line 1: Two columns have the same name."),
        ("a,b\n1,2\n", "a.csv", "Say which column holds the texts. There are: a, b."),
        (b"text\na\n\xe9\n", "a.csv", "Line 3: It is not UTF-8."),
        ("", "a.csv", "Say which column holds the texts. There are: none."),
        ('"a"\n{"text": 1}\n', "a.jsonl", 'Line 2: There is no text named "text" in it.'),
        ('"a"\n{"text"\n', "a.jsonl", "Line 2: It is not JSON: Expecting ':' delimiter at column 8."),
        ('"a"\n3\n', "a.jsonl", "Line 2: Each line is one JSON text or one JSON object."),
        ('{"text": "a", "text": "b"}', "a.jsonl", "Line 1: It is not JSON: The key 'text' occurs twice"),
    ],
)
def test_a_broken_file_says_the_line(content: str | bytes, name: str, says: str) -> None:
    with pytest.raises(Unusable) as error:
        read(content, name)
    assert error.value.sentence.startswith(says)


def test_a_line_is_counted_as_an_editor_counts_it() -> None:
    with pytest.raises(Unusable, match="Line 5: The text is empty"):
        list(checked(read('text,n\n"two\nlines",1\nb,2\n ,3\n').texts))


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(Unusable, match="larger than 16 MB"):
        read(b"a" * (MOST_BYTES + 1))


def test_limits_of_texts() -> None:
    assert len(list(checked(Text(text="a") for _ in range(MOST_ITEMS)))) == MOST_ITEMS
    with pytest.raises(Unusable, match="at most 10,000 texts"):
        list(checked(Text(text="a") for _ in range(MOST_ITEMS + 1)))
    with pytest.raises(Unusable, match="no text in it"):
        list(checked([]))
    with pytest.raises(Unusable, match=r"Line 9: The text has 200,001 characters; at most 200,000 fit\."):
        list(checked([Text(text="a" * 200_001, place="Line 9")]))
