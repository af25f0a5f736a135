"""What whoever runs the site sees of the calls: log lines, metrics, traces. None of it waits for anything."""
