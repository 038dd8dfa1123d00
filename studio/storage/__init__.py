"""Storage on disk: clips and stills named by content, downloads, cached measurements."""
