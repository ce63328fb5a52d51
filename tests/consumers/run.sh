#!/usr/bin/env bash
# Publishes applications that use the libraries, as users publish theirs, and runs what comes out. Needs the .NET 10 SDK, GNU find, awk,
# and for native AOT a C compiler.
#   run.sh FOLDER [--gpu]     FOLDER: where the applications go; --gpu: also tries the flavour of ONNX Runtime for CUDA, some 300 MB
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$1 model=$1/models/resnet/1/model.onnx
rm -rf "$out" && mkdir -p "$(dirname "$model")"
dotnet run --project "$here/MakeModel" -c Release -- "$model"
passed=0

cli=$here/../../src/SplitInfer.Cli
dotnet build "$cli" -c Release -v q
tool=$(dotnet msbuild "$cli" -getProperty:TargetPath -p:Configuration=Release)
dotnet "$tool" serve --models "$out/models" --listen tcp://127.0.0.1:0 --json >"$out/server.txt" 2>"$out/server-errors.txt" &
server=$!
trap 'kill $server' EXIT
for _ in $(seq 300); do
    grep -q listening "$out/server.txt" && break
    kill -0 $server || { cat "$out/server-errors.txt"; exit 1; }
    sleep 0.2
done
address=$(sed -E 's/.*"listening":"([^"]*)".*/\1/' "$out/server.txt")

# NAME PROJECT OPTION…: publishes a project, and runs it on the device and cut in the middle.
try() {
    local name=$1 project=$2 folder=$out/$1; shift 2
    dotnet publish "$here/$project" -c Release -o "$folder" -v q "$@"
    local whole cut
    whole=$("$folder/$project" "$model") cut=$("$folder/$project" "$model" "$address" 20)
    [ "${whole#Device: }" = "${cut#Split: }" ] && [ "$cut" != "$whole" ] || { echo "$name: '$whole' on the device, '$cut' when cut"; exit 1; }
    echo "$name: $cut, $(find "$folder" -type f ! -name '*.pdb' ! -name '*.dbg' ! -name '*.xml' -printf '%s\n' | awk '{ sum += $1 } END { printf "%.1f MB", sum / 1e6 }')"
    passed=$((passed + 1))
}

try framework-dependent SmallClient --no-self-contained
try single-file SmallClient --no-self-contained -p:PublishSingleFile=true
try trimmed SmallClient --self-contained -p:PublishTrimmed=true
try trimmed-single-file SmallClient --self-contained -p:PublishTrimmed=true -p:PublishSingleFile=true
if command -v clang >/dev/null || command -v gcc >/dev/null; then try native-aot SmallClient -p:PublishAot=true
else echo "native-aot: skipped, since there is no C compiler to link with"; fi

# The flavour that comes along is left out: without another, the application says which packages there are.
dotnet publish "$here/OtherFlavour" -c Release --no-self-contained -o "$out/no-flavour" -v q
"$out/no-flavour/OtherFlavour" "$model" >"$out/no-flavour.txt" 2>&1 && { echo "no-flavour: it ran without a library"; exit 1; }
grep -q "add a reference to Microsoft.ML.OnnxRuntime" "$out/no-flavour.txt" || { cat "$out/no-flavour.txt"; exit 1; }
echo "no-flavour: names the packages"
passed=$((passed + 1))
[ "${2:-}" != --gpu ] || try gpu-flavour OtherFlavour --no-self-contained -p:Flavour=gpu
echo "consumers: $passed passed, 0 failed"
