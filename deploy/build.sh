#!/usr/bin/env bash
# Builds the image of the server with buildah. Needs buildah; with --local also root and debootstrap.
#   build.sh [--local] [IMAGE]     IMAGE: its name, splitinfer unless given; --local: makes the base images here, for machines that reach no registry
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
arguments=()
if [ "${1:-}" = --local ]; then
    shift
    buildah inspect --type image localhost/splitinfer-build >/dev/null 2>&1 && buildah inspect --type image localhost/splitinfer-runtime >/dev/null 2>&1 || bash "$here/base-images.sh"
    arguments+=(--build-arg BUILD_IMAGE=localhost/splitinfer-build --build-arg RUNTIME_IMAGE=localhost/splitinfer-runtime)
    # Packages and certificates of this machine, so that building trusts what the machine trusts and downloads nothing twice.
    arguments+=(--network host --volume "$HOME/.nuget:/root/.nuget" --volume /etc/ssl/certs:/etc/ssl/certs:ro)
fi
# Health checks are known to images of this format only.
buildah bud --format docker --layers "${arguments[@]}" --file "$here/Dockerfile" --tag "${1:-splitinfer}" "$here/.."
