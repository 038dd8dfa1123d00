"""``python -m flows.backup FILE``: a verified copy of the ledger, which producers may use meanwhile."""

if __name__ == "__main__":
    from studio_cli.ending import entry

    entry("studio_cli.backup")
