"""``python -m flows.costs``: what was spent, on what, read from the ledger."""

if __name__ == "__main__":
    from studio_cli.ending import entry

    entry("studio_cli.costs")
