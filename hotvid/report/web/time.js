"use strict";
// One moment rules the page: `seek` moves video, scene, scrubber and plots to it.
let time = 0, playing = false, clockStart = 0;
const scrub = at("scrub");
scrub.max = lastTime;
at("transport").hidden = !moves;

function show() {
  const frame = frameAt(time);
  scrub.value = time;
  at("clock").textContent = `${clockText(clip.start + time)}  frame ${clip.firstFrame + frame * clip.step}`;
  scrub.setAttribute("aria-valuetext", at("clock").textContent);
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
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", plots.build);
plots.build();
seek(0);
