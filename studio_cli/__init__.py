"""The command line: flags, screens and exit statuses, over the flows."""
