"""The tree of the sandbox's errors. A text says what happened, where, and what to do next.

SandboxError          exit status 1
├── SettingsError     2   an option, an environment variable or a fault file
├── BadClip           1   a clip from outside: damaged, of another kind, or without a picture
└── FfmpegError       1   ffmpeg is missing, or ended with an error; carries its log
"""

from __future__ import annotations


class SandboxError(Exception):
    """Base of all. ``where`` names the file or option, ``hint`` says what to do next."""

    exit_status = 1

    def __init__(self, message: str, *, where: str = "", hint: str = "", log: str = "") -> None:
        self.message, self.where, self.hint, self.log = message, where, hint, log
        super().__init__(message)

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  → {self.hint}" if self.hint else text


class SettingsError(SandboxError):
    """An option, an environment variable or a fault file cannot be used."""

    exit_status = 2


class BadClip(SandboxError):
    """A clip from outside is damaged, of another kind, or without a picture. ``where`` is its path."""


class FfmpegError(SandboxError):
    """ffmpeg is missing, or ended with an error. ``log`` is the end of what it wrote."""
