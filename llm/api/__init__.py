"""The REST endpoints of llm; config/api.py mounts them."""
