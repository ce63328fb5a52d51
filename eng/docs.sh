#!/usr/bin/env bash
# Builds the site of the documentation, with the API reference made of the sources, into artifacts/site. Needs the .NET 10 SDK. A warning, such as a
# link or a reference that leads nowhere, fails it.
#   docs.sh [--serve]     --serve: shows the site at http://localhost:8080 until it is stopped
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dotnet tool restore
# What an earlier build left would stay in the site.
rm -rf docs/api artifacts/site
dotnet docfx metadata docfx.json --warningsAsErrors --logLevel warning
dotnet docfx build docfx.json --warningsAsErrors --logLevel warning
echo "docs: $(find artifacts/site -name '*.html' | wc -l) pages in artifacts/site; begin with artifacts/site/index.html"
[ "${1:-}" != --serve ] || dotnet docfx serve artifacts/site
