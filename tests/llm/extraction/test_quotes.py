"""Quotes stand in the source, with true offsets; those that do not are reported. Validators see a context."""

import json
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ValidationInfo

from llm.extraction import BadExtraction, Quote, extract
from llm.extraction.contracts import contract_of, plain
from llm.extraction.parsing import parse
from llm.extraction.quotes import find
from tests.wire import WireServer, text

SOURCE = "The café\u2019s  menu —\nsoup, 12 € — was “fine”.\u00ad Café au lait: cafe\u0301."

pytestmark = pytest.mark.django_db(transaction=True)


class Claim(BaseModel):
    says: str
    proof: list[Quote]


RAW = {
    "type": "object",
    "properties": {"proof": {"type": "array", "items": {"type": "string", "format": "quote"}}},
}


@pytest.mark.parametrize(
    ("words", "stands"),
    [
        ("soup", "soup"),
        ("The café's menu - soup", "The café\u2019s  menu —\nsoup"),
        ('was "fine".', "was “fine”."),
        ("lait: café", "lait: cafe\u0301"),
        ("  soup,\t12 €", "soup, 12 €"),
        ("cafe", "cafe"),
    ],
)
def test_words_are_found_in_whatever_spelling_they_stand(words: str, stands: str) -> None:
    span = find(words, SOURCE)
    assert span is not None
    assert SOURCE[slice(*span)] == stands


@pytest.mark.parametrize("words", ["Soup", "lait: cafe.", "menu soup", "soup, 13", "\u00ad"])
def test_other_words_are_not(words: str) -> None:
    assert find(words, "Only soup, 12 € and café au lait") is None


@settings(deadline=None)
@given(st.text(max_size=30), st.data())
def test_what_was_cut_out_is_found_and_offsets_are_inside(source: str, data: Any) -> None:
    start = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(start, len(source)))
    words = source[start:end]
    if words.strip():
        assert find(words, source) is not None
    span = find(data.draw(st.text(max_size=5)), source)
    assert span is None or 0 <= span[0] <= span[1] <= len(source)


def test_a_quote_comes_with_its_offsets_and_goes_out_with_them() -> None:
    contract = contract_of(Claim, source=SOURCE)
    done = contract.check(parse('{"says": "It was fine.", "proof": ["was \\"fine\\"", "soup"]}'))
    assert done.faults == ()
    first, second = done.data.proof
    assert SOURCE[first.start : first.end] == first.text == "was “fine”"
    assert plain(done.data)["proof"][1] == {"text": "soup", "start": second.start, "end": second.end}
    assert Claim.model_validate_json(done.data.model_dump_json()) == done.data


def test_the_model_is_asked_for_a_string() -> None:
    items = contract_of(Claim).json_schema["properties"]["proof"]["items"]
    assert (items["type"], items["format"]) == ("string", "quote")


@pytest.mark.parametrize("schema", [Claim, RAW])
async def test_a_quote_that_does_not_stand_in_the_text_is_reported(model: WireServer, schema: Any) -> None:
    wrong = json.dumps({"says": "x", "proof": ["soup", "salad"]})
    model.script(text(wrong))
    with pytest.raises(BadExtraction) as caught:
        await extract(schema, SOURCE, max_attempts=1)
    assert [fault["pointer"] for fault in caught.value.errors] == ["/proof/1"]
    assert "do not stand in the text" in caught.value.errors[0]["message"]


async def test_quotes_of_a_raw_schema_are_told_beside_the_data(model: WireServer) -> None:
    model.script(text(json.dumps({"proof": ["soup, 12 €"]})))
    done = await extract(RAW, SOURCE)
    (found,) = done.quotes
    assert (found.pointer, SOURCE[found.start : found.end]) == ("/proof/0", "soup, 12 €")


def known(value: str, info: ValidationInfo) -> str:
    if value not in (info.context or {})["cities"]:
        raise ValueError("No such city")
    return value


class Place(BaseModel):
    city: Annotated[str, AfterValidator(known)]


async def test_validators_see_the_context(model: WireServer) -> None:
    model.script(text('{"city": "Oslo"}'), text('{"city": "Bergen"}'))
    done = await extract(Place, "Oslo, I mean Bergen.", context={"cities": {"Bergen"}}, cache=False)
    assert (done.data.city, done.attempts) == ("Bergen", 2)


async def test_a_list_of_models_is_extracted_and_its_items_come_one_by_one(model: WireServer) -> None:
    class City(BaseModel):
        name: str

    items: list[City] = []
    partials: list[Any] = []

    async def item(city: City) -> None:
        items.append(city)

    gate = model.gate()

    async def partial(value: Any) -> None:
        partials.append(value)
        gate.open()

    model.script(text('{"value": [{"na', 'me": "Os', 'lo"}, {"name"', ': "Bergen"}', "]}", gate=gate))
    gate.let(2)
    done = await extract(list[City], "Oslo and Bergen.", on_item=item, on_partial=partial)
    assert done.data == items == [City(name="Oslo"), City(name="Bergen")]
    assert partials[0] == [{"name": "Os"}] or partials[0] == [{}]
    assert partials[-1] == [{"name": "Oslo"}, {"name": "Bergen"}]
