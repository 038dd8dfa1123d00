"""Captions of a film: what is said, cut into cues that can be read in their time, and the files that carry them."""
