"""Findings on what a run here would use: one module for each group of parts. Nothing is started, bought or migrated."""
