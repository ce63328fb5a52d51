#!/usr/bin/env bash
# Times a new process until its first results, with and without loading the segments of all arms first, in turns; prints medians and, by stage, where the
# time goes. Needs the tool to be built (dotnet build -c Release), jq and a model.
#   cold-start.sh MODEL [--rounds N] [--partition k]     k: the cut, all on the device unless given; a server is started for any other
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Packing leaves copies of its own there.
tool=$(find "$root/src/SplitInfer.Cli/bin/Release" -name splitinfer -type f -printf '%T@ %p\n' | sort -rn | head -1 | cut -d' ' -f2-)
[ -n "$tool" ] || { echo "The tool is not built: dotnet build src/SplitInfer.Cli -c Release"; exit 1; }
command -v jq >/dev/null || { echo "jq is not installed: apt-get install jq"; exit 1; }
model=${1:?Name a model: cold-start.sh MODEL [--rounds N] [--partition k]}; shift
rounds=10 partition=() server=()
while [ $# -gt 0 ]; do
    case $1 in
    --rounds) rounds=$2 ;;
    --partition) partition=(--partition "$2") ;;
    *) echo "There is no option $1."; exit 2 ;;
    esac
    shift 2
done
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
if [ ${#partition[@]} -gt 0 ]; then
    mkdir -p "$work/models/model/1" && cp "$model" "$work/models/model/1/model.onnx"
    "$tool" serve --models "$work/models" --listen tcp://127.0.0.1:0 --preload --json >"$work/serve" 2>"$work/serve.log" &
    for _ in $(seq 100); do [ -s "$work/serve" ] && break; sleep 0.2; done
    server=(--server "$(head -1 "$work/serve" | jq -r .listening)")
fi
for round in $(seq "$rounds"); do
    for preload in "" --preload; do
        # One line: process, plan, client, first frame, second frame.
        "$tool" run "$model" "${server[@]}" "${partition[@]}" $preload --frames 2 --json |
            jq -rs --arg p "${preload:-none}" '.[-1].start as $s | [$p, $s.processMs, $s.planMs, $s.clientMs, .[0].totalMs, .[1].totalMs] | @tsv' >>"$work/times"
    done
done
for preload in none --preload; do
    awk -F'\t' -v p="$preload" '
        $1 == p { n++; for (i = 2; i <= 6; i++) v[i, n] = $i; v[7, n] = $2 + $3 + $4 + $5 }
        END {
            for (i = 2; i <= 7; i++) {
                for (a = 1; a <= n; a++) for (b = a + 1; b <= n; b++) if (v[i, b] < v[i, a]) { t = v[i, a]; v[i, a] = v[i, b]; v[i, b] = t }
                m[i] = n % 2 ? v[i, (n + 1) / 2] : (v[i, n / 2] + v[i, n / 2 + 1]) / 2
            }
            printf "%-10s first result after %5.0f ms: process %4.0f, load and plan %4.0f, client %4.0f, first frame %4.0f; second frame %4.0f\n", (p == "none" ? "" : p), m[7], m[2], m[3], m[4], m[5], m[6]
        }' "$work/times"
done
