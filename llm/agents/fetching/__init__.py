"""Pages from the network, for a model that anybody may have told what to fetch."""
