"use strict";
// The plots of joint angles and speeds.
const plots = (() => {
  const SHOWN = ["left knee flexion", "right knee flexion", "left hip flexion", "right hip flexion"];
  // All of them stand out from a white page as from a dark one.
  const HUES = ["#0d7fd1", "#d97400", "#00936a", "#bf4a8b", "#998b00", "#7059e0", "#cc420a", "#858585"];
  const chosen = new Set(clip.angles.map((a, i) => i).filter((i) => SHOWN.includes(clip.angles[i].name)));
  const hues = new Map();  // of the angles shown, by name without side
  let drawn = [], moment = 0;

  /** Left and right of an angle have one hue, which stays when others come and go. */
  function look(name) {
    const [, side, kind] = name.match(/^(left |right )?(.*)$/);
    if (!hues.has(kind)) {
      const times = HUES.map((hue) => [...hues.values()].filter((used) => used === hue).length);
      hues.set(kind, HUES[times.indexOf(Math.min(...times))]);
    }
    return { colour: hues.get(kind), dash: side === "right " ? [6, 4] : [] };
  }

  people.forEach((p, i) => { made("option", `person ${p.id}`, at("who")).value = i; });
  clip.angles.forEach((angle, i) => {
    const label = made("label", undefined, at("which"));
    label.title = angle.meaning;
    const box = made("input", undefined, label);
    box.type = "checkbox";
    box.checked = chosen.has(i);
    label.append(` ${angle.name}`);
    box.addEventListener("change", () => {
      if (box.checked) chosen.add(i); else chosen.delete(i);
      const kinds = [...chosen].map((n) => clip.angles[n].name.replace(/^(left|right) /, ""));
      for (const kind of hues.keys()) if (!kinds.includes(kind)) hues.delete(kind);
      build();
    });
  });
  at("who").addEventListener("change", build);

  /** One column of a person's rows over all frames of the clip; null where unknown. */
  function column(p, values, width, which) {
    const out = new Array(times.length).fill(null);
    for (let row = 0; values && row < p.count; row++) {
      const value = values[row * width + which];
      if (Number.isFinite(value)) out[p.first + row] = value;
    }
    return out;
  }
  function plot(id, unit, series) {
    const host = at(id), css = getComputedStyle(document.documentElement);
    const faint = css.getPropertyValue("--faint").trim(), line = css.getPropertyValue("--line").trim();
    const axis = { stroke: faint, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    host.replaceChildren();
    const chart = new vendor.uPlot({
      width: Math.max(host.clientWidth, 200), height: 220,
      scales: { x: { time: false } },
      axes: [{ ...axis, values: (_, ticks) => ticks.map((t) => `${t} s`) }, { ...axis, size: 62, values: (_, ticks) => ticks.map((v) => `${v} ${unit}`) }],
      series: [{ label: "time", value: (_, v) => (v === null ? "-" : `${v.toFixed(2)} s`) },
        ...series.map((s) => ({ label: s.label, stroke: s.colour, width: 1.6, dash: s.dash, spanGaps: false, value: (_, v) => (v === null ? "-" : `${v.toFixed(unit === "\u00b0" ? 0 : 2)} ${unit}`) }))],
      cursor: { drag: { x: false, y: false } },
      legend: { markers: { dash: (_, i) => (i && series[i - 1].dash.length ? "dashed" : "solid") } },
    }, [Array.from(times, (t) => t + clip.start), ...series.map((s) => s.values)], host);
    const now = made("div", undefined, chart.over);
    now.className = "now";
    chart.over.addEventListener("click", (event) => seek(chart.posToVal(event.offsetX, "x") - clip.start));
    // Where nothing is pointed at, the legend says what is true now.
    chart.over.addEventListener("mouseleave", () => setTimeout(() => show(moment)));
    return { chart, now, host };
  }
  function build() {
    const person = people[Number(at("who").value)];
    const list = [...chosen].sort((x, y) => x - y);
    drawn = [
      plot("angles", "\u00b0", person ? list.map((i) => ({ label: clip.angles[i].name, ...look(clip.angles[i].name), values: column(person, person.degrees, clip.angles.length, i) })) : []),
      plot("speed", "m/s", people.map((p) => ({ label: `person ${p.id}`, colour: p.colours[2], dash: [], values: column(p, p.speed, 1, 0) }))),
    ];
    queueMicrotask(() => show(moment));  // after uPlot's own, in which its scales are set
  }
  function show(time) {
    moment = time;
    for (const { chart, now } of drawn) {
      now.style.left = `${chart.valToPos(time + clip.start, "x")}px`;
      if (!(chart.cursor.left >= 0)) chart.setLegend({ idx: frameAt(time) });
    }
  }
  addEventListener("resize", () => {
    for (const { chart, host } of drawn) chart.setSize({ width: Math.max(host.clientWidth, 200), height: 220 });
    show(moment);
  });
  at("plots").hidden = !people.some((p) => p.degrees) || !moves;
  return { build: () => { if (!at("plots").hidden) build(); }, show };
})();
