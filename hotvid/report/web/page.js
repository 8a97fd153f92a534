"use strict";
// One moment rules the page: `seek` moves video, scene, scrubber and plots to it.
const clip = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);

function bytes(text) {
  // Uint8Array.from would collect its values in an array first, which holds 134 million at most.
  const raw = atob(text), out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out;
}
function unpack(text) { return text === undefined ? null : new Float32Array(bytes(text).buffer); }
function made(tag, text, parent) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

const times = unpack(clip.times);  // seconds from the first frame, which is at clip.start
const people = clip.people.map((p) => ({
  ...p,
  xyz: unpack(p.xyz),
  speed: unpack(p.speed),
  degrees: unpack(p.degrees),
}));
const lastTime = times.length ? times[times.length - 1] : 0;

/** The number of the frame that is shown at a time; the scrubber's times are whole milliseconds. */
function frameAt(time) {
  let low = 0, high = times.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle] <= time + 1e-3) low = middle; else high = middle - 1;
  }
  return low;
}

// --- words -------------------------------------------------------------------------------------
function clockText(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - 60 * minutes).toFixed(2).padStart(5, "0")}`;
}

at("name").textContent = clip.name;
at("about").textContent = [
  `${clip.size[0]} x ${clip.size[1]}, ${clip.rate} frames/s, ${clockText(lastTime)}`,
  `${people.length} ${people.length === 1 ? "person" : "people"}`,
  `2D: ${clip.models["2D"]}; 3D: ${clip.models["3D"]}`,
  ...(clip.step > 1 ? [`shown here: every ${clip.step}th frame`] : []),
].join("  \u00b7  ");

const MEASURES = [
  ["interpolated", "frames bridged", (v) => `${(100 * v).toFixed(0)} %`, 0.1],
  ["unseen", "joints unsure", (v) => `${(100 * v).toFixed(0)} %`, 0.1],
  ["cropped", "frames with limbs cut off", (v) => `${(100 * v).toFixed(0)} %`, 0.1],
  ["bone_variation", "bone lengths vary by", (v) => `${(100 * v).toFixed(1)} %`, 0.08],
  ["foot_skate_m_s", "standing feet slide", (v) => `${(100 * v).toFixed(0)} cm/s`, 0.15],
  ["acceleration_m_s2", "mean acceleration", (v) => `${v.toFixed(1)} m/s\u00b2`, 25],
];
for (const person of people) {
  const card = made("article", undefined, at("cards"));
  card.className = "card";
  card.style.setProperty("--hue", person.colours[1]);
  made("h2", `person ${person.id}`, card);
  made("p", `frames ${person.frames[0]} to ${person.frames[1]}`, card);
  const list = made("dl", undefined, card);
  for (const [key, label, text, much] of MEASURES) {
    const value = person.quality[key];
    made("dt", label, list);
    const lost = person.xyz && clip.unknown.includes(key);
    const shown = made("dd", value !== null ? text(value) : lost ? "unknown" : "-", list);
    if (value !== null && value > much) shown.className = "bad";
    if (lost) shown.title = "the motion was cleaned before it was saved; a pose store has it as lifted";
  }
  made("dt", "suspected switches of identity", list);
  const shown = made("dd", String(person.leaps), list);
  if (person.leaps) shown.className = "bad";
}
at("warnings").hidden = !clip.warnings.length;
for (const text of clip.warnings) made("li", text, at("warnings").querySelector("ul"));

// --- the video ---------------------------------------------------------------------------------
const film = at("film");
let hasFilm = at("mp4").textContent.length > 0;
function withoutFilm(why) {
  hasFilm = false;
  film.hidden = true;
  at("missing").hidden = false;
  at("missing").textContent = why;
}
if (hasFilm) {
  film.addEventListener("loadedmetadata", () => { film.currentTime = time + 0.001; });
  film.addEventListener("error", () => withoutFilm("This browser cannot play the video (H.264)."));
  film.src = URL.createObjectURL(new Blob([bytes(at("mp4").textContent)], { type: "video/mp4" }));
  at("mp4").remove();
} else {
  withoutFilm(clip.missing);
}

// --- the scene ---------------------------------------------------------------------------------
const space = (() => {
  const V = vendor, canvas = at("scene");
  let renderer;
  try {
    renderer = new V.WebGLRenderer({ canvas, antialias: true, alpha: true });
  } catch {
    canvas.replaceWith(made("p", "This browser shows no WebGL, so there is no 3D view."));
    return { show() {}, theme() {} };
  }
  const scene = new V.Scene(), camera = new V.PerspectiveCamera(35, 1, 0.05, 500);
  const controls = new V.OrbitControls(camera, canvas);
  scene.add(new V.AmbientLight(0xffffff, 1.6));
  const lamp = new V.DirectionalLight(0xffffff, 1.8);
  lamp.position.set(3, 8, 5);
  scene.add(lamp);

  const low = [Infinity, 0, Infinity], high = [-Infinity, 1.8, -Infinity];
  for (const p of people) {
    for (let i = 0; p.xyz && i < p.xyz.length; i += 51) {
      const pelvis = p.xyz.subarray(i, i + 3);
      if (!pelvis.every(Number.isFinite)) continue;
      for (let c = 0; c < 3; c++) {
        low[c] = Math.min(low[c], pelvis[c]);
        high[c] = Math.max(high[c], pelvis[c] + (c === 1 ? 0.9 : 0));
      }
    }
  }
  if (!Number.isFinite(low[0])) { low[0] = low[2] = -1; high[0] = high[2] = 1; }
  const middle = new V.Vector3((low[0] + high[0]) / 2, (Math.max(low[1] - 1, 0) + high[1]) / 2, (low[2] + high[2]) / 2);
  const side = 2 * Math.ceil(Math.max(high[0] - low[0], high[2] - low[2]) / 2 + 1);
  let grid = null;

  function reset() {
    // As near as all corners of the space that people take up are in the picture.
    const back = new V.Vector3(0.34, 0.28, 0.9).normalize();
    const right = new V.Vector3(0, 1, 0).cross(back).normalize(), over = back.clone().cross(right);
    const tall = Math.tan((camera.fov * Math.PI) / 360), broad = tall * (camera.aspect || 1);
    const half = [0, 1, 2].map((c) => (high[c] - low[c]) / 2 + (c === 1 ? 0.1 : 0.75));
    let away = 0;
    for (let which = 0; which < 8; which++) {
      const corner = new V.Vector3(...half.map((size, c) => (which & (1 << c) ? size : -size)));
      const aside = Math.abs(corner.dot(right)) / broad, above = Math.abs(corner.dot(over)) / tall;
      away = Math.max(away, corner.dot(back) + Math.max(aside, above));
    }
    controls.target.copy(middle);
    camera.position.copy(middle).addScaledVector(back, away);
    controls.update();
  }
  const ball = new V.SphereGeometry(0.035, 12, 8), rod = new V.CylinderGeometry(0.028, 0.028, 1, 10);
  const bodies = people.map((p) => {
    const group = new V.Group();
    const paint = p.colours.map((c) => new V.MeshStandardMaterial({ color: c, roughness: 0.6 }));
    const bySide = { left: paint[0], middle: paint[1], right: paint[2] };
    const rods = clip.edges.map((_, i) => new V.Mesh(rod, bySide[clip.sides[i]]));
    const balls = Array.from({ length: 17 }, () => new V.Mesh(ball, paint[1]));
    const head = balls[10];
    head.scale.setScalar(2.6);
    group.add(...rods, ...balls);
    scene.add(group);
    return { group, rods, balls };
  });
  const up = new V.Vector3(0, 1, 0), a = new V.Vector3(), b = new V.Vector3();

  function place(p, row, joint, out) {
    out.fromArray(p.xyz, 3 * (17 * row + joint));
    return Number.isFinite(out.x + out.y + out.z);
  }
  function show(frame) {
    people.forEach((p, n) => {
      const row = frame - p.first, body = bodies[n];
      body.group.visible = Boolean(p.xyz) && row >= 0 && row < p.count;
      if (!body.group.visible) return;
      body.balls.forEach((mesh, joint) => { mesh.visible = place(p, row, joint, mesh.position); });
      clip.edges.forEach(([from, to], i) => {
        const mesh = body.rods[i];
        mesh.visible = place(p, row, from, a) && place(p, row, to, b);
        if (!mesh.visible) return;
        mesh.position.addVectors(a, b).multiplyScalar(0.5);
        b.sub(a);
        mesh.scale.y = Math.max(b.length(), 1e-4);
        mesh.quaternion.setFromUnitVectors(up, b.normalize());
      });
    });
    draw();
  }
  function draw() { renderer.render(scene, camera); }
  function theme() {
    if (grid) scene.remove(grid);
    const line = getComputedStyle(document.documentElement).getPropertyValue("--line").trim();
    grid = new V.GridHelper(side, side, line, line);
    grid.position.set(Math.round(middle.x), 0, Math.round(middle.z));
    scene.add(grid);
    draw();
  }
  let sized = false;
  new ResizeObserver(() => {
    const { clientWidth: w, clientHeight: h } = canvas;
    if (!w || !h) return;
    renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    renderer.setSize(w, h, false);
    camera.aspect = w / h;
    camera.updateProjectionMatrix();
    if (!sized) reset();
    sized = true;
    draw();
  }).observe(canvas);
  controls.addEventListener("change", draw);
  at("reset").addEventListener("click", reset);
  return { show, theme };
})();

// --- the plots ---------------------------------------------------------------------------------
const plots = (() => {
  const SHOWN = ["left knee flexion", "right knee flexion", "left hip flexion", "right hip flexion"];
  const HUES = ["#56b4e9", "#d97400", "#2fc792", "#bf4a8b", "#ab9c00", "#7059e0", "#cc420a", "#858585"];
  const chosen = new Set(clip.angles.map((a, i) => i).filter((i) => SHOWN.includes(clip.angles[i].name)));
  let drawn = [], moment = 0;

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
        ...series.map((s) => ({ label: s.label, stroke: s.colour, width: 1.6, spanGaps: false, value: (_, v) => (v === null ? "-" : `${v.toFixed(unit === "\u00b0" ? 0 : 2)} ${unit}`) }))],
      cursor: { drag: { x: false, y: false } },
    }, [Array.from(times, (t) => t + clip.start), ...series.map((s) => s.values)], host);
    const now = made("div", undefined, chart.over);
    now.className = "now";
    chart.over.addEventListener("click", (event) => seek(chart.posToVal(event.offsetX, "x") - clip.start));
    return { chart, now, host };
  }
  function build() {
    const person = people[Number(at("who").value)];
    const list = [...chosen].sort((x, y) => x - y);
    drawn = [
      plot("angles", "\u00b0", person ? list.map((i, n) => ({ label: clip.angles[i].name, colour: HUES[n % HUES.length], values: column(person, person.degrees, clip.angles.length, i) })) : []),
      plot("speed", "m/s", people.map((p) => ({ label: `person ${p.id}`, colour: p.colours[1], values: column(p, p.speed, 1, 0) }))),
    ];
    queueMicrotask(() => show(moment));  // after uPlot's own, in which its scales are set
  }
  function show(time) {
    moment = time;
    for (const { chart, now } of drawn) now.style.left = `${chart.valToPos(time + clip.start, "x")}px`;
  }
  addEventListener("resize", () => {
    for (const { chart, host } of drawn) chart.setSize({ width: Math.max(host.clientWidth, 200), height: 220 });
    show(moment);
  });
  at("plots").hidden = !people.length || times.length < 2;
  return { build: () => { if (!at("plots").hidden) build(); }, show };
})();

// --- time --------------------------------------------------------------------------------------
let time = 0, playing = false, clockStart = 0;
const scrub = at("scrub");
scrub.max = lastTime;

function show() {
  const frame = frameAt(time);
  scrub.value = time;
  at("clock").textContent = `${clockText(clip.start + time)}  frame ${clip.firstFrame + frame * clip.step}`;
  document.body.dataset.frame = frame;
  space.show(frame);
  plots.show(time);
}
function seek(to) {
  time = Math.min(Math.max(to, 0), lastTime);
  clockStart = performance.now() / 1000 - time;
  // A hair later, so that rounding never shows the frame before.
  if (hasFilm) film.currentTime = time + 0.001;
  show();
}
function setPlaying(wanted) {
  if (wanted && time >= lastTime - 0.01) seek(0);
  playing = wanted;
  at("play").textContent = playing ? "\u275a\u275a" : "\u25b6";
  at("play").setAttribute("aria-label", playing ? "pause" : "play");
  clockStart = performance.now() / 1000 - time;
  if (hasFilm) { if (playing) film.play().catch(() => setPlaying(false)); else film.pause(); }
  if (playing) requestAnimationFrame(tick);
}
function tick() {
  if (!playing) return;
  time = Math.min(hasFilm ? film.currentTime : performance.now() / 1000 - clockStart, lastTime);
  show();
  if ((hasFilm && film.ended) || time >= lastTime) setPlaying(false); else requestAnimationFrame(tick);
}
scrub.addEventListener("input", () => { setPlaying(false); seek(Number(scrub.value)); });
at("play").addEventListener("click", () => setPlaying(!playing));
film.addEventListener("click", () => setPlaying(!playing));
addEventListener("keydown", (event) => {
  // With these keys the browser goes back, or the system does something of its own.
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.target.closest("select, input:not(#scrub)")) return;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.key === " " && event.target.tagName !== "BUTTON") { event.preventDefault(); setPlaying(!playing); }
  if (step) {
    event.preventDefault();
    setPlaying(false);
    seek(times[Math.min(Math.max(frameAt(time) + step, 0), times.length - 1)] || 0);
  }
});
function theme() { space.theme(); plots.build(); }
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", theme);
theme();
seek(0);
