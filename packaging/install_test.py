"""Installs the packages of dist.py as users do, where there is no Rust, and runs services of three languages with them.

    install_test.py PACKAGES

PACKAGES is what dist.py has written. An empty virtual environment, npm project and Maven repository take the packages
for this machine; `cargo` and `rustc` are not on PATH. NACRE_SERVER names the server's binary.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET_DIR = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()


def main() -> None:
    """Installs and runs."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    packages = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="nacre-install-") as home:
        work = Path(home)
        environment = without_rust(work)
        python = install_wheel(packages / "python", work / "python", environment)
        node = install_npm(packages / "node", work / "node", environment)
        classes = install_maven(packages / "maven", work / "java", environment)
        server = os.environ.get("NACRE_SERVER", str(TARGET_DIR / "debug/nacre"))
        run(
            [sys.executable, str(ROOT / "examples/polyglot/run.py"), "--nacre", server]
            + ["--python", str(python), "--node", str(node), "--java", classes],
            environment,
        )
    print("install test: the packages work without Rust")


def without_rust(work: Path) -> dict[str, str]:
    """The environment of somebody who has Java, Python and Node only: a PATH of links to just these."""
    tools = work / "bin"
    tools.mkdir(parents=True)
    for folder in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(folder).iterdir() if Path(folder).is_dir() else ():
            if program.name in {"cargo", "rustc", "rustup", "maturin"} or not os.access(program, os.X_OK):
                continue
            link = tools / program.name
            link.unlink(missing_ok=True)
            link.symlink_to(program)
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("CARGO", "RUST", "NACRE"))}
    environment |= {"PATH": str(tools), "HOME": str(work)}
    if found := shutil.which("cargo", path=str(tools)):
        sys.exit(f"install test: {found} is still there")
    return environment


def install_wheel(packages: Path, project: Path, environment: dict[str, str]) -> Path:
    """A virtual environment with the wheel, and nothing compiled."""
    run([sys.executable, "-m", "venv", str(project)], environment)
    python = project / "bin/python"
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--only-binary", ":all:"]
    run([*pip, "--no-index", "--find-links", str(packages), "nacre-client"], environment)
    return python


def install_npm(packages: Path, project: Path, environment: dict[str, str]) -> Path:
    """A project with the package and that of its platform, which npm takes from the registry otherwise."""
    project.mkdir()
    (project / "package.json").write_text('{"name": "empty", "private": true}')
    archives = [str(archive) for archive in sorted(packages.glob("*.tgz"))]
    run(["npm", "install", "--no-audit", "--no-fund", "--silent", "--ignore-scripts", "--omit=optional", *archives], environment, project)
    return project


def install_maven(packages: Path, project: Path, environment: dict[str, str]) -> str:
    """The Java example of three languages, compiled with the artefacts of the repository; its class path."""
    shutil.copytree(ROOT / "examples/polyglot/java", project, ignore=shutil.ignore_patterns("target"))
    settings = project / "settings.xml"
    settings.write_text(
        "<settings><profiles><profile><id>packages</id><repositories><repository><id>packages</id>"
        f"<url>{packages.as_uri()}</url></repository></repositories></profile></profiles>"
        "<activeProfiles><activeProfile>packages</activeProfile></activeProfiles></settings>"
    )
    maven = ["mvn", "-B", "-q", "-s", str(settings), f"-Dmaven.repo.local={project / 'repository'}"]
    listing = project / "class-path.txt"
    goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"
    run([*maven, "compile", goal, f"-Dmdep.outputFile={listing}"], environment, project)
    return f"{project / 'target/classes'}{os.pathsep}{listing.read_text().strip()}"


def run(command: list[str], environment: dict[str, str], cwd: Path | None = None) -> None:
    """Runs a command, whose output is shown."""
    print("install test:", " ".join(command[:4]), flush=True)
    try:
        subprocess.run(command, env=environment, cwd=cwd, check=True)
    except subprocess.CalledProcessError as failed:
        sys.exit(f"install test: failed with {failed.returncode}: {' '.join(command)}")


if __name__ == "__main__":
    main()
