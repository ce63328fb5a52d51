#!/usr/bin/env bash
# Packs the libraries and the tool into a folder, which NuGet takes as a feed. Needs the .NET 10 SDK.
#   pack.sh [FOLDER [OPTION…]]     FOLDER: artifacts/packages unless given; OPTION: one of "dotnet pack", such as -p:PackageVersion=0.2.0-rc.1,
#                                  or -p:PublishRepositoryUrl=true in a clone of a public repository
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
feed=${1:-$root/artifacts/packages}
mkdir -p "$feed"
feed=$(cd "$feed" && pwd)
# Only with this are paths in the packages those of the repository, wherever it was cloned.
dotnet pack "$root/eng/packages.slnf" -c Release -o "$feed" -v q -p:ContinuousIntegrationBuild=true "${@:2}"
for project in "$root"/src/*/; do
    compgen -G "$feed/$(basename "$project").[0-9]*.nupkg" >/dev/null || { echo "$(basename "$project") was not packed; name it in eng/packages.slnf."; exit 1; }
done
find "$feed" -name '*nupkg' -printf '%s %f\n' | sort -k2 | awk '{ printf "%8.0f KB  %s\n", $1 / 1000, $2 }'
