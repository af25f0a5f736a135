"""Text to checked data: `await extract(Model, text)`."""

from llm.extraction.extract import BadExtraction, Extraction, extract
from llm.extraction.raw_schema import SchemaRefused
from llm.extraction.schemas import register

__all__ = ["BadExtraction", "Extraction", "SchemaRefused", "extract", "register"]
