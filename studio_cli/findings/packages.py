"""Findings on packages: too old, missing, or with another one's module in their place."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from studio.settings import Settings
from studio_cli.findings.values import Finding, listed

NAME = "studio-producer"
#: Modules that are easily taken for others, by the distribution that they are of.
MODULES = {
    "ffmpeg": "ffmpeg-python", "prefect": "prefect", "lumaai": "lumaai", "luma_agents": "luma-agents", "httpx": "httpx",
    "av": "av", "PIL": "pillow", "numpy": "numpy", "pydantic": "pydantic", "sqlalchemy": "SQLAlchemy",
}  # fmt: skip
#: Distributions that install a module of another one's name over it.
RIVALS = {"ffmpeg": ("ffmpeg", "python-ffmpeg"), "av": ("pyav",)}
OURS = ("studio", "studio_cli", "flows", "tasks", "luma_sandbox")
ROOT = Path(__file__).resolve().parents[2]


def packages(_: Settings) -> Iterator[Finding]:
    """The packages that this program needs, and the modules that are really imported by their names."""
    found = [*_versions(), *_modules(), *_in_the_working_folder()]
    yield from found
    if not found:
        yield Finding("packages", f"as {NAME} needs them; each module is its own package's")


def _requirements() -> list[str]:
    """The requirements of this program, by the file beside it, else as it was installed."""
    try:
        with (ROOT / "pyproject.toml").open("rb") as file:
            return [str(one) for one in tomllib.load(file)["project"]["dependencies"]]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        pass
    try:
        return [one for one in importlib.metadata.requires(NAME) or () if "extra ==" not in one]
    except importlib.metadata.PackageNotFoundError:
        return []


def _versions() -> Iterator[Finding]:
    wrong, needed = [], []
    for line in _requirements():
        try:
            one = Requirement(line)
        except InvalidRequirement:
            continue
        if one.marker is not None and not one.marker.evaluate():
            continue
        try:
            version = importlib.metadata.version(one.name)
        except importlib.metadata.PackageNotFoundError:
            version = ""
        if not version or not one.specifier.contains(version, prereleases=True):
            wrong.append(f"{one.name} {version or 'is missing'} ({one.specifier} is needed)")
            needed.append(f"{one.name}{one.specifier}")
    if wrong:
        command = f"pip install {' '.join(shlex.quote(one) for one in needed)}"
        yield Finding("packages", "; ".join(wrong), False, command)


def _modules() -> Iterator[Finding]:
    for module, name in MODULES.items():
        rivals = [rival for rival in RIVALS.get(module, ()) if _is_installed(rival)]
        remedy = f"pip uninstall {' '.join(rivals)}, then pip install --force-reinstall {name}"
        place = _place(module)
        if rivals:
            told = f"{listed(rivals)} and {name} both install the module {module}, one over the other"
            yield Finding("packages", told, False, remedy)
        elif place is not None and not _is_of(place, name):
            yield Finding(
                "packages", f"{place} is imported in place of {name}", False,
                "rename or remove it; or work in another folder, without PYTHONPATH",
            )  # fmt: skip
    for module in OURS:
        place = _place(module)
        if place is not None and not place.is_relative_to(ROOT):
            told = f"{place} is imported in place of Studio Producer's {module}"
            yield Finding("packages", told, False, "rename or remove it, or work in another folder")


def _in_the_working_folder() -> Iterator[Finding]:
    """Files and folders here that a program which is started as ``python -m`` would import in place of packages."""
    here = Path.cwd()
    if str(here) in (str(ROOT), *_site_folders()):
        return
    files = {name: (here / f"{name}.py", here / name / "__init__.py") for name in (*MODULES, *OURS)}
    names = [name for name, (module, package) in files.items() if module.exists() or package.exists()]
    if names:
        yield Finding(
            "packages", f"{listed(names)} in the working folder has a package's name: python -m imports it instead",
            hint="rename it, or start studio in another folder",
        )  # fmt: skip


def _place(module: str) -> Path | None:
    """The file that a module is, or would be, imported from."""
    loaded = getattr(sys.modules.get(module), "__file__", None)
    try:
        found = loaded or getattr(importlib.util.find_spec(module), "origin", None)
    except (ImportError, ValueError):
        return None
    return Path(found).resolve() if found else None


def _is_of(place: Path, name: str) -> bool:
    """True if a file is in the folder that a distribution was installed into; an editable one's files are anywhere."""
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return True  # told as missing
    if any(str(file).endswith((".pth", "direct_url.json")) for file in distribution.files or ()):
        return True
    return place.is_relative_to(Path(str(distribution.locate_file(""))).resolve())


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _site_folders() -> list[str]:
    return [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
