"""The prompts that code asks for, as settings.PROMPTS_USES declares them, against what is there."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.db import connections

from prompts.content import Content
from prompts.models import PRODUCTION, PromptLabel

TABLE = "prompts_promptlabel"


@checks.register(checks.Tags.database, "prompts")
def check_uses(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **rest: Any
) -> list[checks.CheckMessage]:
    """Check that every prompt of the code is live and takes what the code passes.

    `manage.py check --database default` and `migrate` run it, as all checks that ask the database.
    """
    if not databases or "default" not in databases or not _migrated():
        return []
    rows = PromptLabel.objects.filter(name=PRODUCTION, prompt__slug__in=uses())
    live = {
        row.prompt.slug: [version.content for version in (row.version, row.canary) if version]
        for row in rows.select_related("prompt", "version", "canary")
    }
    return list(_warnings(live)) if live else []  # an empty site: `start` brings the starters


def uses() -> Mapping[str, Sequence[str]]:
    """Return slug -> the names of the variables that code passes."""
    declared: Mapping[str, Sequence[str]] = settings.PROMPTS_USES
    return declared


def mismatches(slug: str, content: Content) -> Iterator[str]:
    """Yield in sentences how a content does not fit the code that asks for the slug."""
    if slug not in uses():
        return
    passed = set(uses()[slug])
    for variable in content.variables:
        if variable.required and variable.name not in passed:
            yield f"“{slug}” needs “{variable.name}”, which the code does not give."
    for name in sorted(passed - {variable.name for variable in content.variables}):
        yield f"“{slug}” does not take “{name}”, which the code gives."


def _warnings(live: Mapping[str, Sequence[Content]]) -> Iterator[checks.CheckMessage]:
    for slug in uses():
        if slug not in live:
            yield checks.Warning(
                f"The code asks for the prompt “{slug}”, and none of that name is live.",
                hint="Publish one; `manage.py start` installs a starter where there is no prompt.",
                id="prompts.W001",
            )
        for sentence in dict.fromkeys(s for content in live.get(slug, ()) for s in mismatches(slug, content)):
            yield checks.Warning(
                sentence, hint="Publish a version that fits, or roll back.", id="prompts.W002"
            )


def _migrated() -> bool:
    """True once the tables are as this code knows them: `migrate` checks before it begins."""
    connection = connections["default"]
    with connection.cursor() as cursor:
        if TABLE not in connection.introspection.table_names(cursor):
            return False
        columns = connection.introspection.get_table_description(cursor, TABLE)
    return "canary_id" in {column.name for column in columns}
