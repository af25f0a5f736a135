"""Pages: usage, one call, providers."""
