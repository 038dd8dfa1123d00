"""Lettering: fonts and the letters that they have, and texts set and drawn as pictures, within safe margins.

Pillow is loaded where a text is measured or drawn, and nowhere else.
"""
