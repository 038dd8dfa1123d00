"""``python -m studio.sandbox``: the former name of ``python -m luma_sandbox``, still supported."""

from __future__ import annotations

import runpy

if __name__ == "__main__":
    runpy.run_module("luma_sandbox", run_name="__main__", alter_sys=True)
