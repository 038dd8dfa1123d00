"""Deliveries of a finished film: made by presets beside it, each measured after it was made, and kept by content."""
