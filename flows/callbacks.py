"""``python -m flows.callbacks``: a receiver of the service's callbacks, by which runs notice ends sooner."""

if __name__ == "__main__":
    from studio_cli.ending import entry

    entry("studio_cli.callbacks")
