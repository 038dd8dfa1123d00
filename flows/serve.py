"""``python -m flows.serve``: the finished films, their reports and pictures, for a browser."""

if __name__ == "__main__":
    from studio_cli.ending import entry

    entry("studio_cli.serve")
