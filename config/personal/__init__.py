"""A person's data: all of it handed over, or gone."""
