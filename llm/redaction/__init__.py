"""Takes secrets and personal data out of what is stored; what they were stays readable, as in `[email]`."""

from llm.redaction.site import redact, redact_json

__all__ = ["redact", "redact_json"]
