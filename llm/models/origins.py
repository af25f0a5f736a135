"""Rows that remember where they come from, for the work that goes on after the request."""

from django.db import models

from llm import origin


class Originated(models.Model):
    """A row of work that a request began; whoever carries it on goes on under the same id and trace."""

    correlation_id = models.CharField(
        max_length=64, blank=True, default=origin.current_id, db_default="", editable=False
    )
    traceparent = models.CharField(
        max_length=64, blank=True, default=origin.current_traceparent, db_default="", editable=False
    )

    class Meta:
        abstract = True

    @property
    def origin(self) -> origin.Origin:
        """Where the work comes from."""
        return origin.Origin(correlation_id=self.correlation_id, traceparent=self.traceparent)
