const report = JSON.parse(document.getElementById("report").textContent);
const frames = report.frames;
const onDevice = report.arms.at(-1).partition;
const nameOf = k => k === 0 ? "0, all on the server" : k === onDevice ? `${k}, all on the device` : `${k}`;
const mean = values => values.reduce((a, b) => a + b, 0) / values.length;
const ms = x => x.toFixed(1);
const percent = x => `${x >= 0 ? "+" : "−"}${Math.abs(100 * x).toFixed(1)} %`;
const color = name => `var(--${name})`;

// The contenders, by the field that holds their delay. Only the stream itself was measured.
const contenders = [
  { field: "totalMs", name: `this stream (${report.policy})`, color: color("measured") },
  { field: "oracleMs", name: "oracle", short: "oracle", color: color("oracle") },
  { field: "bestFixedMs", short: "fixed", name: `best fixed partition (${nameOf(report.bestFixed)})`, color: color("fixed"), dash: "7 4" },
  { field: "onDeviceMs", short: "device", name: "all on the device", color: color("device"), dash: "2 3" },
  { field: "onServerMs", short: "server", name: "all on the server", color: color("server"), dash: "10 3 2 3" },
];

// Frames in a row under one bandwidth.
const phases = [];
for (const frame of frames) {
  if (phases.at(-1)?.mbps !== frame.mbps) phases.push({ mbps: frame.mbps, frames: [] });
  phases.at(-1).frames.push(frame);
}

const put = (id, text) => { document.getElementById(id).textContent = text; };
put("title", `${report.title} on ${frames.length} video frames, partition by ${report.policy}`);
document.title = `${report.title}: video stream`;
put("takeaway", report.takeaway);
put("subtitle", `A device ${report.slowdown} times slower than its server, and a link of ${report.link.map(p => p.mbps).join(", then ")} Mbit/s.`);
put("deviation", `How far to trust them: for the arm that it really took, the median frame was within ${(100 * report.deviation).toFixed(1)} % of what this arithmetic gives.`);

const element = (tag, parent, attributes = {}, text = "") => {
  const isSvg = parent instanceof SVGElement || tag === "svg";
  const made = isSvg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  parent.append(made);
  return made;
};

const tiles = document.getElementById("tiles");
const tile = (value, label) => {
  const box = element("div", tiles);
  element("b", box, {}, value);
  box.append(label);
};
tile(`${ms(report.meanMs)} ms`, "mean delay of a frame");
tile(`${ms(report.oracleMeanMs)} ms`, "the oracle's");
tile(percent(report.meanMs / mean(frames.map(f => f.onDeviceMs)) - 1), "against all on the device");
tile(percent(report.meanMs / mean(frames.map(f => f.bestFixedMs)) - 1), "against the best fixed partition");
tile(frames.filter(f => f.isKey).length, "key frames");
tile(frames.filter(f => f.isRaced).length, "raced frames");

const legend = document.getElementById("legend");
for (const { name, color, dash, field } of contenders) {
  const entry = element("span", legend);
  const swatch = element("svg", entry, { width: 22, height: 12 });
  if (field === "totalMs") element("circle", swatch, { cx: 11, cy: 6, r: 3.5, fill: color });
  else element("path", swatch, { d: "M1 6h20", stroke: color, "stroke-width": 2, "stroke-dasharray": dash ?? "none" });
  entry.append(name);
}
const keyEntry = element("span", legend);
element("circle", element("svg", keyEntry, { width: 22, height: 12 }), { cx: 11, cy: 6, r: 4, fill: color("paper"), stroke: color("measured"), "stroke-width": 2 });
keyEntry.append("key frame");

const row = (table, tag, cells) => {
  const line = element("tr", element(tag === "th" ? "thead" : "tbody", table));
  for (const [index, [value, note]] of cells.map(c => Array.isArray(c) ? c : [c]).entries()) {
    const cell = tag === "th" ? element("th", line, { scope: "col" }, value) : element(index ? "td" : "th", line, index ? {} : { scope: "row" }, value);
    if (note) element("small", cell, {}, ` ${note}`);
  }
};
const phaseTable = document.getElementById("phases");
const parts = [...phases.map(p => [`${p.mbps} Mbit/s`, p.frames]), ["all frames", frames]];
row(phaseTable, "th", ["", ...parts.map(([name, of]) => `${name} (${of.length})`)]);
for (const { name, field } of contenders)
  row(phaseTable, "td", [name, ...parts.map(([, of]) => {
    const [own, oracle] = [mean(of.map(f => f[field])), mean(of.map(f => f.oracleMs))];
    return field === "oracleMs" ? ms(own) : [ms(own), percent(own / oracle - 1)];
  })]);

const armTable = document.getElementById("arms");
row(armTable, "th", ["partition", "payload, kB", "device, ms", "server and transport, ms", "taken"]);
for (const arm of report.arms)
  row(armTable, "td", [nameOf(arm.partition), ms(arm.bytes / 1000), ms(arm.deviceMs), ms(arm.remoteMs), frames.filter(f => f.partition === arm.partition).length]);

const frameTable = document.getElementById("frames");
row(frameTable, "th", ["frame", "second", "link, Mbit/s", "partition", "delay, ms", "oracle, ms", "best fixed, ms", "device, ms", "server, ms", "sent, kB"]);
for (const f of frames)
  row(frameTable, "td", [`${f.frame}${f.isKey ? " key" : ""}`, f.second.toFixed(2), f.mbps, nameOf(f.partition), ms(f.totalMs), ms(f.oracleMs), ms(f.bestFixedMs), ms(f.onDeviceMs), ms(f.onServerMs), ms(f.bytes / 1000)]);

const pictures = document.getElementById("pictures");
for (const { frame, data } of report.pictures) {
  const item = element("li", pictures);
  element("img", item, { src: data, alt: `Frame ${frame}: a textured wall with discs and boxes` });
  item.append(`frame ${frame}`);
}

// Three panels over one time axis.
const chart = document.getElementById("chart");
const tip = element("div", chart, { id: "tip" });
const last = frames.at(-1);
const end = last.second + last.totalMs / 1000;
// Key frames are drawn last, on top of their neighbours.
const byWeight = [...frames].sort((a, b) => a.isKey - b.isKey);
const ends = frames.map((f, i) => frames[i + 1]?.second ?? end);

function draw() {
  chart.querySelector("svg")?.remove();
  const width = Math.max(280, chart.clientWidth);
  const [left, right] = [56, width - 12];
  const delay = { top: 46, bottom: 346 }, cut = { top: 392, bottom: 392 + 26 * report.arms.length }, link = { top: cut.bottom + 46 };
  link.bottom = link.top + 70;
  const svg = element("svg", chart, { viewBox: `0 0 ${width} ${link.bottom + 40}`, role: "img", "aria-label": `Delay, partition and bandwidth over time. ${report.takeaway} The tables below hold the figures.` });
  const x = second => left + (right - left) * second / end;
  const grid = (y, label) => {
    element("path", svg, { class: "grid", d: `M${left} ${y}H${right}` });
    element("text", svg, { x: left - 8, y: y + 4, "text-anchor": "end" }, label);
  };
  const heading = (panel, text) => element("text", svg, { class: "heading", x: 0, y: panel.top - 12 }, text);
  const steps = (y, of) => frames.map((f, i) => `${i ? "L" : "M"}${x(f.second)} ${y(of(f))}H${x(ends[i])}`).join("");

  // The phases of the link, behind everything; every other one is shaded.
  for (const [i, phase] of report.link.entries()) {
    const [from, to] = [x(phase.second), x(report.link[i + 1]?.second ?? end)];
    if (i % 2) element("rect", svg, { class: "band", x: from, y: delay.top - 22, width: to - from, height: link.bottom - delay.top + 22 });
    element("text", svg, { class: "phase", x: (from + to) / 2, y: delay.top - 8, "text-anchor": "middle" }, `${phase.mbps} Mbit/s`);
  }

  // The scale ends where nearly all frames lie, so that a tenth can be seen; what is beyond has a mark at the edge.
  const mostly = [...frames.map(f => f.totalMs)].sort((a, b) => a - b)[Math.floor(0.97 * (frames.length - 1))];
  const ceiling = 1.15 * Math.max(mostly, ...frames.map(f => f.oracleMs));
  const yDelay = value => delay.bottom - (delay.bottom - delay.top) * Math.min(value, ceiling) / ceiling;
  heading({ top: 22 }, "delay, ms");
  const tick = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000].find(t => ceiling / t <= 8) ?? 5000;
  for (let value = 0; value <= ceiling; value += tick) grid(yDelay(value), value);
  for (const { field, color, dash } of contenders.slice(1).reverse())
    element("path", svg, { class: "curve", d: steps(yDelay, f => f[field]), stroke: color, "stroke-dasharray": dash ?? "none" });
  for (const [i, phase] of phases.entries()) {
    const [from, to] = [x(phase.frames[0].second), x(phases[i + 1]?.frames[0].second ?? end)];
    const beyond = contenders.slice(1).filter(c => phase.frames[0][c.field] > ceiling);
    for (const [row, { field, short, color }] of beyond.entries())
      element("text", svg, { class: "beyond", x: (from + to) / 2, y: delay.top + 16 + 16 * row, "text-anchor": "middle", style: `fill: ${color}` },
        `↑ ${short} ${phase.frames[0][field].toFixed(0)}`);
  }
  const dot = (frame, y, isBeyond = false) => element(isBeyond ? "path" : "circle", svg, {
    ...isBeyond ? { d: `M${x(frame.second) - 4} ${y + 8}h8l-4 -7z` } : { cx: x(frame.second), cy: y, r: frame.isKey ? 3.5 : 2.2 },
    fill: color(frame.isKey ? "paper" : "measured"), stroke: color("measured"), "stroke-width": frame.isKey ? 2 : 0,
  });
  for (const frame of byWeight) dot(frame, yDelay(frame.totalMs), frame.totalMs > ceiling);

  heading(cut, "partition");
  const places = new Map(report.arms.map((arm, i) => [arm.partition, i]));
  const yCut = k => cut.bottom - 13 - 26 * places.get(k);
  for (const arm of report.arms) grid(yCut(arm.partition), arm.partition === 0 ? "server" : arm.partition === onDevice ? "device" : arm.partition);
  element("path", svg, { class: "curve", d: `M${left} ${yCut(report.bestFixed)}H${right}`, stroke: color("fixed"), "stroke-dasharray": "7 4" });
  element("path", svg, { class: "curve", d: steps(yCut, f => f.oraclePartition), stroke: color("oracle") });
  for (const frame of byWeight) dot(frame, yCut(frame.partition));

  const top = Math.max(...report.link.map(p => p.mbps));
  const yLink = mbps => link.bottom - (link.bottom - link.top) * mbps / top;
  heading(link, "link, Mbit/s");
  element("path", svg, { class: "grid", d: `M${left} ${link.bottom}H${right}` });
  const bandwidth = report.link.map((p, i) => `L${x(p.second)} ${yLink(p.mbps)}H${x(report.link[i + 1]?.second ?? end)}`).join("");
  element("path", svg, { d: `M${left} ${link.bottom}${bandwidth}V${link.bottom}Z`, fill: color("link") });
  let free = Infinity;
  for (const mbps of new Set(report.link.map(p => p.mbps).sort((a, b) => a - b)))
    if (yLink(mbps) < free) {
      grid(yLink(mbps), mbps);
      free = yLink(mbps) - 14;
    }
  const step = [1, 2, 5, 10, 20, 60, 120, 300].find(s => end / s <= width / 60) ?? 600;
  for (let second = 0; second <= end; second += step)
    element("text", svg, { x: x(second), y: link.bottom + 18, "text-anchor": "middle" }, second);
  element("text", svg, { x: right, y: link.bottom + 34, "text-anchor": "end" }, "seconds");

  const cursor = element("path", svg, { class: "grid", d: `M0 ${delay.top}V${link.bottom}`, visibility: "hidden" });
  svg.onpointermove = event => {
    const box = svg.getBoundingClientRect();
    const second = (event.clientX - box.left - left) / (right - left) * end;
    const index = Math.max(0, ends.findIndex(e => e > second));
    const frame = second >= end ? last : frames[index];
    cursor.setAttribute("visibility", "visible");
    cursor.setAttribute("transform", `translate(${x(frame.second)} 0)`);
    tip.textContent = [
      `frame ${frame.frame}${frame.isKey ? ", key" : ""}${frame.isForced ? ", forced" : ""}${frame.isRaced ? ", raced" : ""}`,
      `${ms(frame.totalMs)} ms at partition ${nameOf(frame.partition)}`,
      ...frame.predictedMs === null ? [] : [`${ms(frame.predictedMs)} ms predicted`],
      `${ms(frame.oracleMs)} ms by the oracle at ${nameOf(frame.oraclePartition)}`,
      `${ms(frame.onDeviceMs)} ms on the device, ${ms(frame.onServerMs)} on the server`,
      `${(frame.bytes / 1000).toFixed(1)} kB over ${frame.mbps} Mbit/s`,
    ].join("\n");
    tip.style.visibility = "visible";
    tip.style.top = `${event.clientY - box.top + 14}px`;
    const at = event.clientX - box.left;
    tip.style.left = `${at > width / 2 ? at - tip.offsetWidth - 14 : at + 14}px`;
  };
  svg.onpointerleave = () => { tip.style.visibility = "hidden"; cursor.setAttribute("visibility", "hidden"); };
}
addEventListener("resize", draw);
draw();
