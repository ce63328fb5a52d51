# Results of real-link.sh, one {name, fixed, round, ms} for each contender and round, as a Markdown table.
# Takes $frames (a phase), $warmup (frames of the first phase that are not counted) and $trace (Mbit/s of each phase).
def mean: add / length;
def median: sort | .[length / 2 | floor];
def rounded: . * 10 | round / 10;
def percent: (. * 1000 | round / 10) as $p | (if $p >= 0 then "+" else "" end) + ($p | tostring) + " %";
def phase($k): .[(if $k == 0 then $warmup else $k * $frames end) : ($k + 1) * $frames];
def row: "| " + join(" | ") + " |";

# Means over any 20 frames in a row, as excesses over what the device alone takes for the same frames.
def excesses($device): [. as $rounds | range($rounds | length) as $r | $rounds[$r] as $ms
    | range($warmup; ($ms | length) - 19) as $at | ($ms[$at : $at + 20] | add) / ($device[$r][$at : $at + 20] | add) - 1];

[range($trace | length)] as $phases
| map(select(.name == "AllOnDevice") | .ms) as $device
| [(map(.name) | reduce .[] as $name ([]; if index($name) then . else . + [$name] end))[] as $name
   | map(select(.name == $name))
   | {$name, fixed: .[0].fixed,
      means: [$phases[] as $k | map(.ms | phase($k)[]) | mean],
      medians: [$phases[] as $k | map(.ms | phase($k)[]) | median],
      excesses: (map(.ms) | excesses($device))}] as $contenders
| ("mean", "median") as $what
| [$phases[] as $k | $contenders | map(select(.fixed) | .[$what + "s"][$k]) | min] as $best
| (["\($what) delay, ms", ($trace[] | "\(.) Mbit/s"), "worst 20 frames", "over 5 %"] | row),
  (["---", ($phases[] | "---:"), "---:", "---:"] | row),
  ($contenders[]
   | (.excesses | length) as $all
   | [.name, (.[$what + "s"] as $values | $phases[] | "\($values[.] | rounded) (\($values[.] / $best[.] - 1 | percent))"), (.excesses | max | percent), (.excesses | map(select(. > 0.05)) | length as $over | "\($over) of \($all)")] | row),
  "",
  (if $what == "median" then "In brackets: over the best fixed partition of the phase. Worst 20 frames in a row: over what the device alone takes for the same ones; and how many such rows are over it by more than 5 %." else empty end)
