#!/usr/bin/env bash
# Runs the project whose single dependency is the drop-in: run.sh REPOSITORY SERVER WORK_FOLDER.
# REPOSITORY is a folder into which the drop-in was installed or deployed. What else is needed comes from this machine's
# own local repository, which MAVEN_KNOWN may name, or over the network. Nothing of Rust is needed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$1" && pwd) server=$2
mkdir -p "$3"
work=$(cd "$3" && pwd)
known=${MAVEN_KNOWN:-$HOME/.m2/repository}
declare_repositories() {
    printf '<%s><id>given</id><url>file://%s</url></%s>' "$1" "$repository" "$1"
    printf '<%s><id>known</id><url>file://%s</url></%s>' "$1" "$known" "$1"
}
cat >"$work/settings.xml" <<XML
<settings>
  <activeProfiles><activeProfile>here</activeProfile></activeProfiles>
  <profiles><profile><id>here</id>
    <repositories>$(declare_repositories repository)</repositories>
    <pluginRepositories>$(declare_repositories pluginRepository)</pluginRepositories>
  </profile></profiles>
</settings>
XML
cd "$here/src/it"
exec "${MAVEN_PROGRAM:-mvn}" -B -q -s "$work/settings.xml" -Dmaven.repo.local="$work/repository" -Dserver="$server" \
    -DbuildDirectory="$work" compile exec:exec
