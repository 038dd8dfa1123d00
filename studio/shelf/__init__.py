"""The shelf of finished films: the list of them, the links to the latest, packages to hand over, and what can go."""
