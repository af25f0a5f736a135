"""What a person sees of the ledger."""
