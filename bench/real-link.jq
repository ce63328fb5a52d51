# Results of real-link.sh, one {name, fixed, round, ms} for each contender and round, as a Markdown table.
# Takes $frames (a phase), $warmup (frames of the first phase that are not counted) and $trace (Mbit/s of each phase).
def mean: add / length;
def median: sort | .[length / 2 | floor];
def rounded: . * 10 | round / 10;
def percent: (. * 1000 | round / 10) as $p | (if $p >= 0 then "+" else "" end) + ($p | tostring) + " %";
def phase($k): .[(if $k == 0 then $warmup else $k * $frames end) : ($k + 1) * $frames];
def row: "| " + join(" | ") + " |";

# The largest mean over 20 frames in a row, as an excess over what the device alone takes for the same frames.
def worst($device): [. as $rounds | range($rounds | length) as $r | $rounds[$r] as $ms
    | range($warmup; ($ms | length) - 19) as $at | ($ms[$at : $at + 20] | add) / ($device[$r][$at : $at + 20] | add) - 1] | max;

[range($trace | length)] as $phases
| map(select(.name == "AllOnDevice") | .ms) as $device
| [(map(.name) | reduce .[] as $name ([]; if index($name) then . else . + [$name] end))[] as $name
   | map(select(.name == $name))
   | {$name, fixed: .[0].fixed,
      means: [$phases[] as $k | map(.ms | phase($k)[]) | mean],
      medians: [$phases[] as $k | map(.ms | phase($k)[]) | median],
      worst: (map(.ms) | worst($device))}] as $contenders
| ("mean", "median") as $what
| [$phases[] as $k | $contenders | map(select(.fixed) | .[$what + "s"][$k]) | min] as $best
| (["\($what) delay, ms", ($trace[] | "\(.) Mbit/s"), "worst 20 frames"] | row),
  (["---", ($phases[] | "---:"), "---:"] | row),
  ($contenders[]
   | [.name, (.[$what + "s"] as $values | $phases[] | "\($values[.] | rounded) (\($values[.] / $best[.] - 1 | percent))"), (.worst | percent)] | row),
  "",
  (if $what == "median" then "In brackets: over the best fixed partition of the phase. Worst 20 frames: over what the device alone takes for the same ones." else empty end)
