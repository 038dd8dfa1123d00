"""``python -m flows.costs``: spending by production, scene, model or month, read from the ledger."""

if __name__ == "__main__":
    from studio_cli.ending import entry

    entry("studio_cli.costs")
