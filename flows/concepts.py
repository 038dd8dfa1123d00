"""``python -m flows.concepts``: the camera's concepts by key, in plain words, and in Ray 3's wording."""

if __name__ == "__main__":
    from studio_cli.ending import entry

    entry("studio_cli.concepts")
