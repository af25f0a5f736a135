"""What past calls would cost by the prices of now: shown first, then corrected, in the background."""
