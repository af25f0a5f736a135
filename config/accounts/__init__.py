"""People: their own page, their keys, and how they come in."""
