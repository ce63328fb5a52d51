#!/usr/bin/env bash
# Makes the base images of deploy/Dockerfile on this machine, where no registry can be reached: Debian by debootstrap, the .NET SDK as it is
# installed here. Needs root, debootstrap and buildah.
#   base-images.sh            makes localhost/splitinfer-build and localhost/splitinfer-runtime; DEBIAN_ROOT=FOLDER takes a root that debootstrap made before
set -euo pipefail
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "${DEBIAN_ROOT:-}" ]; then cp -a "$DEBIAN_ROOT" "$work/debian"
else debootstrap --variant=minbase --include=ca-certificates,libssl3,libstdc++6 bookworm "$work/debian" "$mirror" >/dev/null; fi
rm -rf "$work"/debian/var/cache/apt/* "$work"/debian/var/lib/apt/lists/*

# IMAGE FOLDER: an image of one layer, with what is configured by the other arguments.
image() {
    local name=$1 folder=$2 container; shift 2
    ! buildah inspect --type image "localhost/$name" >/dev/null 2>&1 || { echo "localhost/$name is there already"; return; }
    container=$(buildah from scratch)
    buildah copy -q "$container" "$folder" / >/dev/null
    buildah config "$@" "$container"
    buildah commit -q --rm "$container" "localhost/$name" >/dev/null
    echo "localhost/$name"
}

# What a self-contained application needs, and nothing that could be run otherwise.
mkdir -p "$work"/runtime/{tmp,etc/ssl}
chmod 1777 "$work/runtime/tmp"
for package in libc6 libgcc-s1 libssl3 libstdc++6; do
    chroot "$work/debian" dpkg -L "$package" | grep -E '^(/usr)?/lib(64)?/.*\.so' | while read -r file; do
        [ -f "$work/debian$file" ] || continue
        mkdir -p "$work/runtime$(dirname "$file")"
        cp -P "$work/debian$file" "$work/runtime$file"
    done
done
[ -e "$work/runtime/lib64/ld-linux-x86-64.so.2" ] || { mkdir -p "$work/runtime/lib64"; cp -L "$work/debian/lib64/ld-linux-x86-64.so.2" "$work/runtime/lib64/"; }
cp -rL "$work/debian/etc/ssl/certs" "$work/runtime/etc/ssl/"
echo "root:x:0:0:root:/:/none" >"$work/runtime/etc/passwd"
image splitinfer-runtime "$work/runtime" --env DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

mkdir -p "$work/debian/usr/share/dotnet"
cp -r "$dotnet/." "$work/debian/usr/share/dotnet/"
image splitinfer-build "$work/debian" --env PATH=/usr/share/dotnet:/usr/sbin:/usr/bin:/sbin:/bin --env DOTNET_ROOT=/usr/share/dotnet --env DOTNET_CLI_TELEMETRY_OPTOUT=1 --env DOTNET_NOLOGO=1 --env DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
