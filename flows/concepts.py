"""``python -m flows.concepts``: what a camera can do, by key, in plain words, and as Ray 3 is told."""

if __name__ == "__main__":
    from studio_cli.ending import entry

    entry("studio_cli.concepts")
