import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from llm.models import ApiKey
from llm.selecting import select

pytestmark = pytest.mark.django_db


def test_the_rows_are_those_of_the_orm(alice: User, bob: User) -> None:
    keys = [ApiKey.objects.issue(user=user, name="mine")[0] for user in (alice, bob, alice)]
    found = select(ApiKey, "hash", {key.hash for key in keys[1:]} | {"nobody's"})
    assert {key.pk for key in found} == {keys[1].pk, keys[2].pk}
    with CaptureQueriesContext(connection) as queries:
        for key in found:
            assert {f.attname: getattr(key, f.attname) for f in ApiKey._meta.concrete_fields} == written(key)
    assert len(queries) == 2  # those of `written`: all values have come along


def written(key: ApiKey) -> dict[str, object]:
    [values] = ApiKey.objects.filter(pk=key.pk).values()
    return dict(values)


def test_no_values_are_no_query() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert select(User, "id", []) == []
    assert len(queries) == 0


def test_a_value_is_never_read_as_sql(alice: User) -> None:
    assert select(User, "username", ["') OR 1=1 --", alice.username]) == [alice]
