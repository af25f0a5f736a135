"""Texts that people edit without a deploy."""
