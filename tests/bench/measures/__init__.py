"""One file a measure, each with a function `rows(run)`; its name is the name on the command line."""
