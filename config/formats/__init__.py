"""Dates of the admin, in the words of the other pages."""
