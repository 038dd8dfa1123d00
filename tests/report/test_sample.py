"""Records to write reports from: six scenes with a failure among them, the same with later versions and takes, and a
hundred shots. Frames are painted."""

from __future__ import annotations
