#!/usr/bin/env bash
# Compares policies and fixed partitions over a real link that changes: a client on one slow core and a server, each in a
# network namespace of its own, joined by a veth pair whose rate a token bucket limits in both directions.
# Every contender is a process of its own. They take turns of a few frames, so that whatever else the machine has to do
# meets all of them alike. Needs root, Linux, iproute2, jq and the .NET SDK.
# No traffic leaves the machine; namespaces, processes and files are removed however the script ends.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")

usage() {
    cat <<EOF
bench/real-link.sh [options]
  --model F       an .onnx file; squeezenet_fp32.onnx of the shared folder unless given
  --input F.npy   what is inferred; made up unless given
  --policies "…"  policies beside the fixed partitions; "MuLinUcb" unless given. One that the command line lacks is left out;
                  AllOnDevice, which plays in any case, then plays once more
  --fixed "…"     fixed partitions to compare with; all that are arms unless given, "none" for neither these nor AllOnServer
  --codec NAME    the codec of every contender; "Raw" unless given
  --picture NAME  also plays AllOnServer with the input as a picture, such as Jpeg95-ImageNetCaffe; needs --input
  --calibration F also plays every policy with codecs of its choice, lossy ones as this file allows
  --mbps "…"      the trace; "50 4 50" unless given
  --frames N      frames a phase; 60 unless given
  --warmup N      frames of the first phase that are not counted; 30 unless given
  --rounds N      times that the trace is played; 1 unless given
  --turn N        frames that a contender infers before the next one does; 10 unless given
  --share X       what the device has of one core; 0.2 unless given
  --core N        the core that the device has a share of; 0 unless given
  --cores LIST    the cores of the server, as taskset takes them; all others unless given
  --out DIR       keeps every line that the clients printed
EOF
}
fail() { echo "real-link: $1" >&2; exit 1; }

# The shared folder stands beside the repository, or beside a folder above it.
shared=${SPLITINFER_SHARED:-} above=$root
while [ -z "$shared" ] && [ "$above" != / ]; do
    above=$(dirname "$above")
    [ ! -d "$above/shared/models" ] || shared=$above/shared
done
model="" input="" fixed="" policies="MuLinUcb" codec=Raw picture="" calibration="" mbps="50 4 50" frames=60 warmup=30 rounds=1 turn=10 share=0.2 core=0 cores="" out=""
while [ $# -gt 0 ]; do
    case $1 in
        --help) usage; exit 0 ;;
        --model | --input | --policies | --fixed | --codec | --picture | --calibration | --mbps | --frames | --warmup | --rounds | --turn | --share | --core | --cores | --out)
            [ $# -ge 2 ] || fail "$1 takes a value."
            declare "${1#--}=$2"; shift 2 ;;
        *) usage >&2; exit 2 ;;
    esac
done
model=${model:-$shared/models/squeezenet_fp32.onnx}
read -ra trace <<<"$mbps"

[ "$(id -u)" = 0 ] || fail "network namespaces and cgroups need root; run it as root."
for tool in ip tc jq taskset chrt dotnet; do command -v $tool >/dev/null || fail "$tool is missing; install it (iproute2, jq, util-linux, .NET SDK)."; done
[ "$warmup" -lt "$frames" ] || fail "--warmup leaves nothing of the first phase; it must be below --frames."
[ -z "$picture" ] || [ -n "$input" ] || fail "--picture needs an input that was made of pixels; name one with --input."
[ -f "$model" ] || fail "there is no model $model; name one with --model."

device=splitinfer-device-$$ server=splitinfer-server-$$
work=$(mktemp -d)
cleanup() {
    trap - EXIT INT TERM
    for namespace in "$device" "$server"; do
        ip netns pids "$namespace" 2>/dev/null | xargs -r kill -KILL 2>/dev/null || true
        ip netns del "$namespace" 2>/dev/null || true
    done
    [ -z "${slow:-}" ] || kill "$slow" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# The link: tokens for 2 ms at a time, or for one packet. What the bucket holds passes at once, as on no real link. It is only
# called while nothing is under way: a packet of many segments would wait for ever once the bucket is smaller than it.
shape() {
    local burst=$(($1 * 250))
    [ $burst -ge 1600 ] || burst=1600
    for namespace in "$device" "$server"; do
        ip netns exec "$namespace" tc qdisc replace dev veth0 root tbf rate "$1mbit" burst "$burst" latency 400ms
    done
}
ip netns add "$device" && ip netns add "$server" || fail "network namespaces cannot be made here."
ip link add veth0 netns "$device" type veth peer name veth0 netns "$server" || fail "veth pairs cannot be made here."
ip -n "$device" addr add 10.213.0.1/30 dev veth0 && ip -n "$device" link set veth0 up
ip -n "$server" addr add 10.213.0.2/30 dev veth0 && ip -n "$server" link set veth0 up
shape "${trace[0]}" || fail "the kernel has no token bucket (sch_tbf)."

# The device: a share of one core. The server has the other cores.
jq -en "$share >= 0.06 and $share <= 1" >/dev/null || fail "--share is from 0.06 to 1."
cores=${cores:-$(seq -s, 0 $(($(nproc) - 1)) | sed "s/\b$core,\|,$core\b//")}

echo "building the command line" >&2
dotnet build "$root/src/SplitInfer.Cli" -c Release -v q -nologo >"$work/build.log" || { cat "$work/build.log" >&2; fail "the command line does not build."; }
cli=$(dotnet msbuild "$root/src/SplitInfer.Cli" -getProperty:TargetPath -p:Configuration=Release)

mkdir -p "$work/models/model/1" "$work/lines"
cp "$model" "$work/models/model/1/model.onnx"
ip netns exec "$server" taskset -c "$cores" dotnet "$cli" serve --models "$work/models" --listen tcp://10.213.0.2:7070 \
    ${picture:+--image-codecs "$picture"} --insecure --preload --threads 1 --json >"$work/listening" 2>"$work/server.log" &
until [ -s "$work/listening" ]; do
    kill -0 $! 2>/dev/null || { cat "$work/server.log" >&2; fail "the server did not start."; }
    sleep 0.2
done

# The kernel leaves 5 % of a core to what is not real-time in any case.
mkfifo "$work/slow" && exec {alive}<>"$work/slow"
if [ "$share" != 1 ]; then
    taskset -c "$core" chrt -f 1 bash "$here/slow-core.sh" "$share" <"$work/slow" &
    slow=$!
    sleep 0.2
    kill -0 $slow 2>/dev/null || fail "no process may have a real-time priority here, which makes the core slow; --share 1 does without."
fi

# Starts a contender, which then waits for its turns, and lets it infer once. Nothing is compiled later on: one contender
# would do so in the turns of the others. Nor does any end before all have.
names=() fixednesses=() ins=() outs=()
enter() {
    local name=$1 isfixed=$2 k=${#names[@]} in out line
    shift 2
    mkfifo "$work/in$k" "$work/out$k"
    exec {in}<>"$work/in$k" {out}<>"$work/out$k"
    DOTNET_TieredCompilation=0 ip netns exec "$device" taskset -c "$core" dotnet "$cli" run "$work/models/model/1/model.onnx" --server tcp://10.213.0.2:7070 --paced \
        --frames $((frames * ${#trace[@]} * rounds + 2)) --threads 1 --preload --json ${input:+--input "$input"} "$@" <&"$in" >&"$out" 2>"$work/client$k.log" &
    echo >&"$in"
    read -r -t 120 -u "$out" line || { cat "$work/client$k.log" "$work/server.log" >&2; fail "$name does not start."; }
    names+=("$name") fixednesses+=("$isfixed") ins+=("$in") outs+=("$out")
    echo "$name is ready" >&2
}

# Lets a contender infer a few times, one straight after the other, and keeps its lines.
take_turn() {
    local k=$1 count=$2 line i
    for ((i = 0; i < count; i++)); do echo >&"${ins[k]}"; done
    for ((i = 0; i < count; i++)); do
        read -r -t 120 -u "${outs[k]}" line || { cat "$work/client$k.log" "$work/server.log" >&2; fail "${names[k]} ended."; }
        echo "$line" >>"$work/lines/${names[k]// /-}-$3.jsonl"
    done
}

arms=${fixed:-$(dotnet "$cli" inspect "$model" --json | jq -r 'select(.arm == true) | .partition' | sed '1d;$d')}
offered=$(dotnet "$cli" run --help | tr -c 'A-Za-z\n' ' ')
enter AllOnDevice true --policy AllOnDevice
[ "$arms" = none ] || enter AllOnServer true --policy AllOnServer --codec "$codec"
[ -z "$picture" ] || enter "AllOnServer with a picture" false --policy AllOnServer --codec "$picture"
for arm in ${arms#none}; do enter "Fixed $arm" true --policy Fixed --partition "$arm" --codec "$codec"; done
for policy in $policies; do
    if [[ " $offered " == *" $policy "* ]]; then
        # The same contender twice shows what the machine alone makes of a difference.
        [ "$policy" = AllOnDevice ] && name="AllOnDevice again" || name=$policy
        enter "$name" false --policy "$policy" --codec "$codec"
        if [ -n "$calibration" ]; then enter "$policy with codecs" false --policy "$policy" --calibration "$calibration"; fi
    else echo "left out $policy: the command line has no such policy" >&2; fi
done

for round in $(seq "$rounds"); do
    for mbps in "${trace[@]}"; do
        shape "$mbps"
        for ((done = 0; done < frames; done += turn)); do
            for k in "${!names[@]}"; do take_turn "$k" $((frames - done < turn ? frames - done : turn)) "$round"; done
        done
        echo "round $round, $mbps Mbit/s: $(for name in "${names[@]}"; do tail -n "$frames" "$work/lines/${name// /-}-$round.jsonl" | jq -s -r --arg name "$name" '"\($name) \(map(.totalMs) | add / length | round) ms"'; done | paste -sd , | sed 's/,/, /g')" >&2
    done
done
for k in "${!names[@]}"; do
    for round in $(seq "$rounds"); do
        jq -cs --arg name "${names[k]}" --argjson fixed "${fixednesses[k]}" --argjson round "$round" '{$name, $fixed, $round, ms: map(.totalMs)}' \
            "$work/lines/${names[k]// /-}-$round.jsonl" >>"$work/results.jsonl"
    done
done

if [ -n "$out" ]; then mkdir -p "$out" && cp "$work/results.jsonl" "$work"/lines/* "$out"; fi
jq -s -r --argjson frames "$frames" --argjson warmup "$warmup" --argjson trace "$(jq -cn '$ARGS.positional | map(tonumber)' --args "${trace[@]}")" \
    -f "$here/real-link.jq" "$work/results.jsonl"
