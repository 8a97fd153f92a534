"use strict";
// What the page is told, its words and its video; scene.js, plots.js and time.js follow.
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
  opacity: p.opacity === undefined ? null : bytes(p.opacity),
}));
const lastTime = times.length ? times[times.length - 1] : 0;
const moves = times.length > 1;

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
// Both views are as wide for their height as the video is, within what suits a body in 3D.
at("views").style.setProperty("--shape", Math.min(Math.max(clip.size[0] / clip.size[1], 1), 1.8));
at("about").textContent = [
  `${clip.size[0]} x ${clip.size[1]}` + (moves ? `, ${clip.rate} frames/s, ${clockText(lastTime)}` : ""),
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
  if (moves) made("p", `frames ${person.frames[0]} to ${person.frames[1]}`, card);
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
