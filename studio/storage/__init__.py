"""Storage on disk: clips and stills by content, downloads, measurements."""
