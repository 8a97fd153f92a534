"""The report in a real browser: from disk, without a network, one scrubber for all."""

import json
import re
import shutil
import subprocess
from html import unescape

import pytest
from stand_ins import FPS, StandInBackend, StandInLifter, write_coded_clip

from hotvid import pipeline
from hotvid.report import write_report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=20000",
    "--dump-dom",
)
# The clip's pictures hold their number in black and white cells along the top.
_DRIVER = """
<script>
const found = {moments: [], errors: []};
addEventListener("securitypolicyviolation", (e) => found.errors.push(e.violatedDirective));
addEventListener("error", (e) => found.errors.push(String(e.message)));
function numberInPicture() {
  const canvas = document.createElement("canvas");
  canvas.width = 320; canvas.height = 240;
  const context = canvas.getContext("2d");
  context.drawImage(film, 0, 0, 320, 240);
  let number = 0;
  for (let bit = 0; bit < 8; bit++) {
    if (context.getImageData(40 * bit + 20, 20, 1, 1).data[0] > 128) number += 1 << bit;
  }
  return number;
}
async function drive(act, moment) {
  const sought = new Promise((done) => film.addEventListener("seeked", done, {once: true}));
  act(moment);
  const scene = at("scene").toDataURL();
  await sought;
  await new Promise((done) => setTimeout(done, 200));
  found.moments.push({
    frame: Number(document.body.dataset.frame), picture: numberInPicture(), scene,
    clock: at("clock").textContent,
    line: document.querySelector("#angles .now").style.left,
  });
}
function scrubTo(moment) {
  at("scrub").value = moment;
  at("scrub").dispatchEvent(new Event("input"));
}
(async () => {
  if (film.readyState < 2) await new Promise((done) => { film.oncanplay = done; });
  for (const moment of MOMENTS) await drive(scrubTo, moment);
  await drive(() => document.body.dispatchEvent(
    new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true})));
  const out = document.createElement("pre");
  out.id = "found";
  out.textContent = JSON.stringify(found);
  document.body.append(out);
})();
</script>
"""


@pytest.fixture
def report(monkeypatch, tmp_path):
    monkeypatch.setattr(pipeline, "load_backend", lambda config: StandInBackend(range(4, 60)))
    monkeypatch.setattr("hotvid.lift.lifter.load_lifter", lambda *_: StandInLifter())
    clip = write_coded_clip(tmp_path / "coded.mp4", 64)
    write_report(clip, tmp_path / "report.html")
    return tmp_path / "report.html"


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_one_scrubber_moves_video_scene_and_plots(report, tmp_path):
    moments = [10 / FPS, 30 / FPS, 50 / FPS, 2 / FPS]
    page = report.with_name("driven.html")
    driver = _DRIVER.replace("MOMENTS", json.dumps(moments))
    page.write_text(report.read_text().replace("</body>", driver + "</body>"))
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
    said = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    assert said, dom[-2000:]
    found = json.loads(unescape(said[1]))
    assert found["errors"] == []
    frames = [one["frame"] for one in found["moments"]]
    assert frames == [10, 30, 50, 2, 3]
    assert [one["picture"] for one in found["moments"]] == frames
    assert [one["clock"].split()[-1] for one in found["moments"]] == [str(f) for f in frames]
    lines = [float(one["line"].removesuffix("px")) for one in found["moments"]]
    per_frame = (lines[1] - lines[0]) / 20
    assert per_frame > 1
    assert lines == pytest.approx([lines[0] + per_frame * (f - 10) for f in frames], abs=1)
    scenes = [one["scene"] for one in found["moments"]]
    assert len({*scenes[:4]}) == 4, "somebody moves, and is not there in frame 2"
    assert scenes[3] == scenes[4], "nobody is there in frames 2 and 3"
