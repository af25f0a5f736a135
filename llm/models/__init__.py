from llm.models.cache import CachedReply
from llm.models.calls import Call
from llm.models.keys import ApiKey

__all__ = ["ApiKey", "CachedReply", "Call"]
