"""Many texts for one schema, extracted in the background: a worker that dies is followed by another."""
