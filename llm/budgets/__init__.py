"""Money that is set aside before a call and booked after it."""
