"""Text to checked data: `await extract(Model, text)`."""

from llm.extraction.extract import BadExtraction, Extraction, Truncated, extract
from llm.extraction.quotes import Quote
from llm.extraction.raw_schema import SchemaRefused
from llm.extraction.schemas import register
from llm.extraction.trail import Trail

__all__ = [
    "BadExtraction",
    "Extraction",
    "Quote",
    "SchemaRefused",
    "Trail",
    "Truncated",
    "extract",
    "register",
]
