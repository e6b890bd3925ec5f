"""The build backend: maturin, which needs Rust. Without it the build ends with one line that says so."""

import os
import shutil
import sys
import tarfile
from pathlib import Path
from typing import Any, Optional

import maturin

_MISSING = (
    "nacre-client: there is no wheel for this platform here, and building from source needs Rust 1.89 or later"
    " (https://rustup.rs): no `cargo` on PATH"
)


def _need_rust() -> None:
    # rustup puts cargo there and changes PATH only for new shells.
    home = os.environ.get("CARGO_HOME") or os.path.join(os.path.expanduser("~"), ".cargo")
    bin = os.path.join(home, "bin")
    if not shutil.which("cargo"):
        if not shutil.which("cargo", path=bin):
            sys.exit(_MISSING)
        os.environ["PATH"] = bin + os.pathsep + os.environ.get("PATH", "")


def get_requires_for_build_wheel(config_settings: Optional[dict[str, Any]] = None) -> list[str]:
    """What a build of a wheel needs."""
    _need_rust()
    return []


def get_requires_for_build_editable(config_settings: Optional[dict[str, Any]] = None) -> list[str]:
    """What an editable install needs."""
    _need_rust()
    return []


def get_requires_for_build_sdist(config_settings: Optional[dict[str, Any]] = None) -> list[str]:
    """What a build of a source archive needs."""
    _need_rust()
    return []


def build_wheel(
    wheel_directory: str, config_settings: Optional[dict[str, Any]] = None, metadata_directory: Optional[str] = None
) -> str:
    """Builds a wheel."""
    _need_rust()
    return str(maturin.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Optional[dict[str, Any]] = None) -> str:
    """Builds a source archive, with the crates that the workspace takes from its own folder."""
    name = str(maturin.build_sdist(sdist_directory, config_settings))
    patches = Path("..") / "third-party"
    if patches.is_dir():
        archive = Path(sdist_directory) / name
        plain = archive.with_suffix(".tmp")
        with tarfile.open(archive) as given, tarfile.open(plain, "w:gz") as more:
            for member in given:
                more.addfile(member, given.extractfile(member) if member.isfile() else None)
            more.add(patches, f"{name[: -len('.tar.gz')]}/third-party")
        plain.replace(archive)
    return name


def build_editable(
    wheel_directory: str, config_settings: Optional[dict[str, Any]] = None, metadata_directory: Optional[str] = None
) -> str:
    """Builds an editable install."""
    _need_rust()
    return str(maturin.build_editable(wheel_directory, config_settings, metadata_directory))


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Optional[dict[str, Any]] = None) -> str:
    """Writes the metadata of a wheel."""
    _need_rust()
    return str(maturin.prepare_metadata_for_build_wheel(metadata_directory, config_settings))


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel
