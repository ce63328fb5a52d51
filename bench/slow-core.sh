#!/usr/bin/env bash
# Takes most of a core away, so that what else runs there has a slow core: busy for all but SHARE of each millisecond, at a
# real-time priority. Runs until standard input ends. Start it on the core that is to be slow:
#   taskset -c 0 chrt -f 1 bench/slow-core.sh 0.2 < PIPE
# In slices this short a delay is as much longer as the core is slower, however short it is; a quota of the scheduler is
# given out in slices of several milliseconds, which makes delays multiples of some 20 ms.
set -u
busy=$(awk -v share="$1" 'BEGIN { printf "%d", 1000 * (1 - share) }') idle=0$(awk -v share="$1" 'BEGIN { printf "%.6f", share / 1000 }' | cut -c2-)
began=${EPOCHREALTIME/[.,]/}
while :; do
    while now=${EPOCHREALTIME/[.,]/} && [ $((now - began)) -lt "$busy" ]; do :; done
    read -r -t "$idle" -n 1
    # Above 128 it was the time that ended the wait, else the end of the input.
    [ $? -gt 128 ] || exit 0
    began=${EPOCHREALTIME/[.,]/}
done
