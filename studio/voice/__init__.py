"""Narration made of text by a program on this machine: voices, engines, sentences, and speech kept by content."""
