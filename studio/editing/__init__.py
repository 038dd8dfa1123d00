"""Editing: the scene edits that turn clips into a film, and their assembly."""
