"""Provenance (C2PA): films and deliveries are signed, with the clips that they are made of as ingredients, and read.

The package ``c2pa`` is an extra, and is loaded only where a file is signed or read. Nothing here uses a network: no
timestamp authority, no remote manifest, no revocation list.
"""
