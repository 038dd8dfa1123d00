"""The Luma Agents API: its own requests, rules, prices and files; it shares the sandbox's books, clock and render
pool."""
