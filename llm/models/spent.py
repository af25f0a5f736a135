"""The tokens that a row has cost."""

from django.db import models

from llm.types import Usage


class Spent(models.Model):
    """A row that keeps the tokens of all its calls so far."""

    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    reasoning_tokens = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    @property
    def usage(self) -> Usage:
        """The tokens of all its calls."""
        return Usage(
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cached_tokens=self.cached_tokens,
            reasoning_tokens=self.reasoning_tokens,
        )
