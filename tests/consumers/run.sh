#!/usr/bin/env bash
# Builds applications that use the packages, outside the repository and as users build theirs, and runs what comes out. The packages come from a
# feed that is made here, all others from the sources that are configured. Needs the .NET 10 SDK, GNU find, awk, and for native AOT a C compiler.
#   run.sh FOLDER [--gpu]     FOLDER: where the feed and the applications go, and what else is there goes away; --gpu: also tries the flavour of
#                             ONNX Runtime for CUDA, some 300 MB
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
rm -rf "$1" && mkdir -p "$1"
out=$(cd "$1" && pwd) apps=$(cd "$1" && pwd)/applications
[[ $out/ != "$root"/* ]] || { echo "$1 lies in the repository, whose settings the applications would take on; name another folder."; exit 1; }
small=$out/models/small/1/model.onnx large=$out/models/large/1/model.onnx
passed=0 servers=()
trap '[ ${#servers[@]} = 0 ] || kill "${servers[@]}"' EXIT
mkdir -p "$(dirname "$small")" "$(dirname "$large")"
dotnet run --project "$here/MakeModel" -c Release -- "$small" "$large"

pass() { echo "$1"; passed=$((passed + 1)); }
fail() { echo "$1"; exit 1; }
megabytes() { find "$1" -type f ! -name '*.pdb' ! -name '*.dbg' ! -name '*.xml' -printf '%s\n' | awk '{ sum += $1 } END { printf "%.1f MB", sum / 1e6 }'; }
# The first C# program of a page, as it is printed.
program() { awk '/^```csharp$/ { on = 1; next } /^```$/ && on { exit } on' "$1"; }

# LOG SCHEME COMMAND…: starts a server and waits for the address of that scheme that it prints.
serve() {
    local log=$1 scheme=$2; shift 2
    : >"$log"
    "$@" >"$log" 2>&1 &
    servers+=($!)
    await "$log" "$scheme"
}

# LOG SCHEME: waits until the server that was started last has printed an address of that scheme, and takes the first of the line.
await() {
    for _ in $(seq 300); do
        address=$(grep -aom1 "$2://127.0.0.1:[0-9]*" "$1") && address=${address%%$'\n'*} && return
        kill -0 "${servers[-1]}" 2>/dev/null || break
        sleep 0.2
    done
    cat "$1"; exit 1
}

# METHOD ADDRESS: what a web application answers, without a program that a machine may lack.
ask() (
    host=${2#http://} path=/${2#http://*/}
    host=${host%%/*}
    exec 3<>"/dev/tcp/${host%:*}/${host#*:}"
    printf '%s %s HTTP/1.0\r\nHost: %s\r\nContent-Length: 0\r\n\r\n' "$1" "$path" "$host" >&3
    sed '1,/^\r$/d' <&3
)

# NAME PROJECT OPTION…: publishes a project, and runs it on the device and cut in the middle.
try() {
    local name=$1 project=$2 folder=$out/$1; shift 2
    dotnet publish "$apps/$project" -c Release -o "$folder" -v q "$@"
    local whole cut
    whole=$("$folder/$project" "$small") cut=$("$folder/$project" "$small" "$address" 20)
    [ "${whole#Device: }" = "${cut#Split: }" ] && [ "$cut" != "$whole" ] || fail "$name: '$whole' on the device, '$cut' when cut"
    pass "$name: $cut, $(megabytes "$folder")"
}

# A version and a package folder of their own, so that nothing of an earlier run is taken. What else is unpacked on this machine is not fetched again.
SplitInferVersion=0.0.0-ci.$(date +%s)
bash "$root/eng/pack.sh" "$out/feed" -p:PackageVersion="$SplitInferVersion"
# From here on nothing is written into the repository.
: >"$out/packed"
unpacked=$(dotnet nuget locals global-packages --list --force-english-output)
unpacked=${unpacked#*: }
mkdir -p "$unpacked"
cat >"$out/nuget.config" <<END
<configuration>
  <packageSources><add key="packed" value="$out/feed" /></packageSources>
  <fallbackPackageFolders><add key="unpacked" value="$unpacked" /></fallbackPackageFolders>
</configuration>
END
export SplitInferVersion NUGET_PACKAGES=$out/packages
mkdir "$apps"
tar -C "$here" --exclude=bin --exclude=obj --exclude=MakeModel -c . | tar -C "$apps" -x

(cd "$out" && dotnet tool install SplitInfer.Cli --version "$SplitInferVersion" --tool-path tool)
"$out/tool/splitinfer" --help | grep -q "^  serve " || fail "tool: its help does not name its commands"
serve "$out/tool.log" tcp "$out/tool/splitinfer" serve --models "$out/models" --listen tcp://127.0.0.1:0
"$out/tool/splitinfer" run "$small" --server "$address" --partition 20 --frames 3 >"$out/run.log" || { cat "$out/run.log"; exit 1; }
pass "tool: serves and runs, $(megabytes "$out/tool")"

# Whole models for clients that know the Open Inference Protocol alone: one of gRPC, and curl where there is one.
tails=$address
serve "$out/open-inference.log" tcp "$out/tool/splitinfer" serve --models "$out/models" --listen tcp://127.0.0.1:0 --http http://127.0.0.1:0 --grpc http://127.0.0.1:0
await "$out/open-inference.log" "HTTP on http"
web=${address#HTTP on }
await "$out/open-inference.log" "gRPC on http"
calls=${address#gRPC on }
dotnet build "$apps/OpenInferenceClient" -c Release -o "$out/open-inference-client" -v q
said=$("$out/open-inference-client/OpenInferenceClient" "$calls" small)
[[ $said == 'ready True, 2 models, small 1, id 1: '*' FP32 [1,10] 40 bytes' ]] || fail "open-inference: '$said'"
pass "open-inference: $said"
if command -v curl >/dev/null; then
    get() { curl --silent --show-error --fail --max-time 60 "$@"; }
    [[ $(get "$web/v2") == '{"name":"splitinfer",'* ]] || fail "curl: /v2"
    [[ $(get "$web/v2/health/live") == '{"live":true}' ]] || fail "curl: live"
    [[ $(get "$web/v2/health/ready") == '{"ready":true}' ]] || fail "curl: ready"
    for path in v2/models/small v2/models/small/versions/1; do
        about=$(get "$web/$path")
        [[ $about == '{"name":"small","versions":["1"],'* ]] || fail "curl: $path: '$about'"
        [[ $(get "$web/$path/ready") == '{"name":"small","ready":true}' ]] || fail "curl: $path/ready"
        input=$(sed 's/.*"inputs":\[{"name":"\([^"]*\)".*/\1/' <<<"$about")
        json="{\"inputs\":[{\"name\":\"$input\",\"datatype\":\"FP32\",\"shape\":[1,3,32,32],\"data\":[$(seq -s, 3072)]}]}"
        [[ $(get "$web/$path/infer" -d "$json") == '{"model_name":"small","model_version":"1","outputs":[{"name":"'*'","datatype":"FP32","shape":[1,10],"data":['*']}]}' ]] || fail "curl: $path/infer"
        json="{\"inputs\":[{\"name\":\"$input\",\"datatype\":\"FP32\",\"shape\":[1,3,32,32],\"parameters\":{\"binary_data_size\":12288}}],\"parameters\":{\"binary_data_output\":true}}"
        { printf %s "$json"; head -c 12288 /dev/zero; } | get "$web/$path/infer" -H "Inference-Header-Content-Length: ${#json}" --data-binary @- -o "$out/reply.bin"
        grep -qa '"binary_data_size":40' "$out/reply.bin" || fail "curl: $path/infer in binary"
    done
    [[ $(get -X POST "$web/v2/repository/index") == '[{"name":"large","version":"1","state":"READY"},{"name":"small","version":"1","state":"READY"}]' ]] || fail "curl: index"
    [[ $(curl --silent --output /dev/null --write-out '%{http_code}' "$web/v2/models/none/infer" -d '{}') == 404 ]] || fail "curl: a model that there is not"
    pass "curl: every route answers"
else
    echo "curl: skipped, since there is none"
fi
address=$tails

# As it is pasted, with a server that is not there; and with one that is.
program "$root/README.md" >"$apps/ReadmeProgram/Program.cs"
cp "$large" "$out/$(grep -om1 '[A-Za-z0-9-]*\.onnx' "$apps/ReadmeProgram/Program.cs")"
dotnet build "$apps/ReadmeProgram" -c Release -o "$out/readme" -v q
alone=$(cd "$out" && readme/ReadmeProgram)
sed -i "s|tcp://[^\"]*|$address|" "$apps/ReadmeProgram/Program.cs"
dotnet build "$apps/ReadmeProgram" -c Release -o "$out/readme" -v q
# The first decision may be for the device alone.
for _ in 1 2 3 4 5; do
    served=$(cd "$out" && readme/ReadmeProgram)
    [[ $served =~ ^[A-Z][a-z]+:\ [1-9][0-9]*\ bytes\ sent ]] && break
done
[[ $alone =~ ^Device:\ 0\ bytes\ sent ]] && [[ $served =~ :\ [1-9][0-9]*\ bytes\ sent ]] || fail "readme: '$alone' without the server, '$served' with it"
pass "readme: $alone without the server; $served with it"

for page in "$root"/src/*/README.md; do
    name=$(basename "$(dirname "$page")") name=${name#SplitInfer.}
    [ -n "$(program "$page")" ] || continue
    # A method, so that the programs of all packages stand in one application.
    { program "$page" | grep '^using [A-Za-z.]*;$'
      echo "internal static partial class Readmes { public static async Task $name() {"
      program "$page" | grep -v '^using [A-Za-z.]*;$'
      echo "} }"; } >"$apps/PackageReadmes/$name.cs"
done
dotnet build "$apps/PackageReadmes" -c Release -o "$out/readmes" -v q
(cd "$out" && readmes/PackageReadmes >readmes.log 2>&1) || { cat "$out/readmes.log"; exit 1; }
pass "package-readmes: run as printed"

try framework-dependent SmallClient --no-self-contained
try single-file SmallClient --no-self-contained -p:PublishSingleFile=true
try trimmed SmallClient --self-contained -p:PublishTrimmed=true
try trimmed-single-file SmallClient --self-contained -p:PublishTrimmed=true -p:PublishSingleFile=true
if command -v clang >/dev/null || command -v gcc >/dev/null; then try native-aot SmallClient -p:PublishAot=true
else echo "native-aot: skipped, since there is no C compiler to link with"; fi

# The flavour that comes along is left out: without another, the application says which packages there are.
dotnet publish "$apps/OtherFlavour" -c Release --no-self-contained -o "$out/no-flavour" -v q
"$out/no-flavour/OtherFlavour" "$small" >"$out/no-flavour.txt" 2>&1 && fail "no-flavour: it ran without a library"
grep -q "add a reference to Microsoft.ML.OnnxRuntime" "$out/no-flavour.txt" || { cat "$out/no-flavour.txt"; exit 1; }
pass "no-flavour: names the packages"
[ "${2:-}" != --gpu ] || try gpu-flavour OtherFlavour --no-self-contained -p:Flavour=gpu

# Web applications: one with the server, the small client against it, and one with a client.
export ASPNETCORE_URLS=http://127.0.0.1:0
dotnet publish "$apps/WebServer" -c Release --no-self-contained -o "$out/web-server" -v q
dotnet publish "$apps/WebClient" -c Release --no-self-contained -o "$out/web-client" -v q
serve "$out/web-server.log" tcp "$out/web-server/WebServer" "$out/models"
tails=$address
cut=$("$out/framework-dependent/SmallClient" "$small" "$tails" 20)
[[ $cut == Split:* ]] || fail "web-server: '$cut'"
await "$out/web-server.log" http
shown=$(ask GET "$address/v2/models/small")
[[ $shown == '{"name":"small","versions":["1"],'* ]] || fail "web-server: '$shown' about a model"
pass "web-server: $cut, $(megabytes "$out/web-server")"
serve "$out/web-client.log" http "$out/web-client/WebClient" "$small" "$tails" 20
answer=$(ask POST "$address/infer") health=$(ask GET "$address/health")
[ "$answer" = "$cut" ] && [ "$health" = Healthy ] || fail "web-client: '$answer', $health"
pass "web-client: $answer, $(megabytes "$out/web-client")"
echo "consumers: $passed passed, 0 failed"
