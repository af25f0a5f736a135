"""Test cases of prompts: inputs and checks, run over a version before it goes live."""
