"""Builds the packages that users without Rust install: Maven artefacts, wheels, npm packages.

    dist.py OUTPUT [--only TARGET]... [--stage libraries | --stage packages]

Reads targets.toml, builds the targets that are installed (`rustup target add`) and that this system can build, names
the others, checks each library, and lays out OUTPUT/maven (a repository), OUTPUT/python and OUTPUT/node. Its tools
(cargo-zigbuild, zig, maturin) come from PyPI into an environment of their own below the target directory.

A release is built on several systems: each runs the stage `libraries` (and wheels), their outputs are laid over each
other, and the stage `packages` makes the Maven artefacts and npm packages of all that is there.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TARGET_DIR = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
TOOLS = TARGET_DIR / "packaging"
PROGRAMS = TOOLS / ("Scripts" if os.name == "nt" else "bin")
REQUIREMENTS = HERE / "requirements.txt"

# The oldest glibc that a library may need, and the most bytes that it and the packages may have.
GLIBC = (2, 17)
LIBRARY_LIMIT = 8 << 20
PACKAGE_LIMIT = 6 << 20


@dataclass(frozen=True)
class Target:
    """A row of targets.toml."""

    rust: str
    java: str
    python: str
    node: str
    host: list[str]
    zig: str = ""

    def library(self, crate: str) -> str:
        """File name of a crate's shared library."""
        if "windows" in self.rust:
            return f"{crate}.dll"
        return f"lib{crate}.dylib" if "apple" in self.rust else f"lib{crate}.so"

    @property
    def is_linux(self) -> bool:
        """Whether its libraries are ELF, built with zig."""
        return "linux" in self.rust


class Refused(Exception):
    """A library or package that must not be given to users."""


def main() -> None:
    """Builds, checks and lays out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path)
    parser.add_argument("--only", action="append", default=[], metavar="TARGET", help="a Rust target")
    parser.add_argument("--stage", choices=["libraries", "packages"], help="only this one")
    arguments = parser.parse_args()
    output = arguments.output.resolve()
    version = json.loads((ROOT / "node/package.json").read_text())["version"]

    libraries = output / "libraries"
    if arguments.stage != "packages":
        targets = chosen(arguments.only)
        if not targets:
            sys.exit("dist: no target of targets.toml can be built here")
        install_tools()
        shutil.rmtree(output, ignore_errors=True)
        for target in targets:
            step(f"libraries {target.rust}", build_libraries, target, libraries, version)
            step(f"wheel {target.rust}", build_wheel, target, output / "python", version)
    if arguments.stage != "libraries":
        step("npm", build_node, libraries, output / "node")
        step("maven", build_maven, libraries, output / "maven")
    for kind in ("python/*.whl", "node/*.tgz"):
        for package in sorted(output.glob(kind)):
            check_package(package)
    print(f"dist: {output}")


def step(name: str, do, *arguments) -> None:
    """Does one thing and prints how long it took."""
    begun = time.monotonic()
    do(*arguments)
    print(f"== dist: {name}  {time.monotonic() - begun:.0f} s", flush=True)


def chosen(only: list[str]) -> list[Target]:
    """The targets to build; each other is named with the reason."""
    rows = tomllib.loads((HERE / "targets.toml").read_text())["target"]
    targets = [Target(**row) for row in rows]
    if unknown := set(only) - {target.rust for target in targets}:
        sys.exit(f"dist: not in targets.toml: {', '.join(sorted(unknown))}")
    installed = installed_targets()
    take = []
    for target in targets:
        if only and target.rust not in only:
            continue
        if platform.system() not in target.host:
            print(f"dist: {target.rust} left out: it is built on {' or '.join(target.host)}")
        elif target.rust not in installed:
            print(f"dist: {target.rust} left out: `rustup target add {target.rust}` installs it")
        else:
            take.append(target)
    return take


def installed_targets() -> set[str]:
    """Targets whose standard library is there, with rustup or without."""
    root = Path(output_of(["rustc", "--print", "sysroot"]).strip())
    return {folder.parent.name for folder in root.glob("lib/rustlib/*/lib") if any(folder.glob("libstd-*"))}


def install_tools() -> None:
    """The environment with cargo-zigbuild and maturin."""
    installed = TOOLS / "requirements.txt"
    if installed.exists() and installed.read_bytes() == REQUIREMENTS.read_bytes():
        return
    shutil.rmtree(TOOLS, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(TOOLS)])
    run([str(PROGRAMS / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(REQUIREMENTS)])
    shutil.copy(REQUIREMENTS, installed)


def build_libraries(target: Target, libraries: Path, version: str) -> None:
    """The libraries for Java and Node."""
    command = ["zigbuild", "--target", target.zig or target.rust] if target.is_linux else ["build", "--target", target.rust]
    run(["cargo", *command, "--locked", "--quiet", "--profile", "dist", "-p", "nacre-jni", "-p", "nacre-napi"])
    built = TARGET_DIR / target.rust / "dist"
    for crate, folder in (
        ("nacre_jni", libraries / "META-INF/native" / target.java),
        ("nacre_napi", libraries / "node" / target.node),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        library = folder / target.library(crate)
        shutil.copy(built / library.name, library)
        check_library(library, target, version)


def build_wheel(target: Target, wheels: Path, version: str) -> None:
    """The wheel, whose library is checked too."""
    wheels.mkdir(parents=True, exist_ok=True)
    before = set(wheels.iterdir())
    command = ["maturin", "build", "--quiet", "--locked", "--profile", "dist", "--target", target.rust]
    command += ["--compatibility", target.python, "--out", str(wheels)]
    run([*command, "--zig"] if target.is_linux else command, cwd=ROOT / "python")
    [wheel] = set(wheels.iterdir()) - before
    unpacked = TOOLS / "wheel"
    shutil.rmtree(unpacked, ignore_errors=True)
    shutil.unpack_archive(wheel, unpacked, "zip")
    [library] = [path for path in unpacked.glob("nacre/_native*") if path.suffix in {".so", ".pyd"}]
    check_library(library, target, version)


def build_node(libraries: Path, packages: Path) -> None:
    """The npm package, and one for each platform."""
    run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=ROOT / "node")
    run(["npm", "run", "--silent", "build", "--", "--no-library"], cwd=ROOT / "node")
    run(["node", "scripts/pack.mjs", str(libraries / "node"), str(packages)], cwd=ROOT / "node")


def build_maven(libraries: Path, repository: Path) -> None:
    """A Maven repository with the artefacts and the jars of the platforms."""
    modules = "nacre-client,nacre-native,nacre-nacos-client,nacre-nacos3-client"
    run([
        *("mvn", "-B", "-q", "-f", str(ROOT / "java/pom.xml"), "-pl", modules, "-am", "deploy", "-DskipTests"),
        "-Dmaven.install.skip",
        f"-Dnacre.native.folder={libraries}",
        f"-DaltDeploymentRepository=local::{repository.as_uri()}",
    ])


def check_library(library: Path, target: Target, version: str) -> None:
    """What makes a library fail on somebody's machine, or be another one than it says."""
    content = library.read_bytes()
    if len(content) > LIBRARY_LIMIT:
        raise Refused(f"{library.name}: {len(content)} bytes, more than {LIBRARY_LIMIT}")
    if version.encode() not in content:
        raise Refused(f"{library.name}: does not say that it is version {version}")
    if not target.is_linux:
        return
    dynamic = output_of(["readelf", "--wide", "--dynamic", str(library)])
    if strange := [name for name in re.findall(r"NEEDED.*\[(.+?)\]", dynamic) if re.match("libpython|libjvm|libnode|libssl|libcrypto|libstdc", name)]:
        raise Refused(f"{library.name}: needs {', '.join(strange)}")
    if "STATIC_TLS" in dynamic:
        raise Refused(f"{library.name}: has STATIC_TLS, which some processes have no room for")
    needed = re.findall(r"GLIBC_(\d+)\.(\d+)", output_of(["readelf", "--wide", "--version-info", str(library)]))
    newest = max(((int(major), int(minor)) for major, minor in needed), default=(0, 0))
    if newest > GLIBC:
        raise Refused(f"{library.name}: needs glibc {newest[0]}.{newest[1]}")
    print(f"dist: {library.name} for {target.rust}: {len(content) / 2**20:.2f} MiB, glibc {newest[0]}.{newest[1]}")


def check_package(package: Path) -> None:
    """Packages are downloaded often."""
    size = package.stat().st_size
    if size > PACKAGE_LIMIT:
        raise Refused(f"{package.name}: {size} bytes, more than {PACKAGE_LIMIT}")
    print(f"dist: {package.name}: {size / 2**20:.2f} MiB")


def environment() -> dict[str, str]:
    """With the tools on PATH, and no compiler but zig's for other platforms."""
    names = {name: text for name, text in os.environ.items() if name not in {"CC", "CXX", "CARGO_BUILD_TARGET"}}
    cargo = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")) / "bin"
    path = os.pathsep.join([str(PROGRAMS), str(cargo), os.environ["PATH"]])
    return {**names, "PATH": path, "CARGO_TARGET_DIR": str(TARGET_DIR)}


def run(command: list[str], cwd: Path = ROOT) -> None:
    """Runs a command, whose output is shown."""
    names = environment()
    # Programs that are scripts on Windows are found by their full names only.
    program = shutil.which(command[0], path=names["PATH"]) or command[0]
    subprocess.run([program, *command[1:]], cwd=cwd, env=names, check=True)


def output_of(command: list[str]) -> str:
    """What a command prints."""
    return subprocess.run(command, env=environment(), check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        sys.exit(f"dist: refused: {refused}")
    except subprocess.CalledProcessError as failed:
        sys.exit(f"dist: failed: {' '.join(map(str, failed.cmd))}")
