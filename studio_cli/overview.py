"""An overview of a package's commands: the output of ``python -m flows`` and ``python -m studio``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from studio.spelling import nearest


def overview(package: str, title: str, commands: Mapping[str, str], epilogue: str = "") -> str:
    """Each command of ``package`` with its help beside it, in columns."""
    width = max(len(name) for name in commands)
    rows = [f"  python -m {package}.{name:<{width}}  {said}" for name, said in commands.items()]
    hint = f"python -m {package}.{next(iter(commands))} --help tells the options of one."
    return "\n".join([title, "", *rows, "", hint, *([epilogue] if epilogue else [])])


def tell(package: str, title: str, commands: Mapping[str, str], words: Sequence[str], epilogue: str = "") -> int:
    """Print the overview. Returns the exit status: 2 if ``words`` are given that do not ask for help."""
    asked = [word for word in words if word not in ("-h", "--help", "help")]
    if not asked:
        print(overview(package, title, commands, epilogue))
        return 0
    near = nearest(asked[0], commands)
    told = f"python -m {package}.{near}" if near else f"python -m {package}"
    print(f"error: {asked[0]!r} is no command of python -m {package}\n  -> {told}", file=sys.stderr)
    return 2
