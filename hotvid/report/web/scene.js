"use strict";
// The 3D view: everyone on the floor, to be turned.
const space = (() => {
  const V = vendor, canvas = at("scene");
  let renderer;
  try {
    renderer = new V.WebGLRenderer({ canvas, antialias: true, alpha: true });
  } catch {
    canvas.replaceWith(made("p", "This browser shows no WebGL, so there is no 3D view."));
    return { show() {} };
  }
  at("space").style.background = clip.ground.panel;
  at("left").style.background = clip.either[0];
  at("right").style.background = clip.either[1];
  at("empty").hidden = people.some((p) => p.xyz);
  at("empty").textContent = people.length ? "no 3D" : "nobody found";
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
  const grid = new V.GridHelper(side, side, clip.ground.grid, clip.ground.grid);
  grid.position.set(Math.round(middle.x), 0, Math.round(middle.z));
  const floor = new V.Mesh(new V.PlaneGeometry(side, side), new V.MeshBasicMaterial({ color: clip.ground.floor }));
  floor.rotation.x = -Math.PI / 2;
  floor.position.set(grid.position.x, -0.005, grid.position.z);
  scene.add(floor, grid);

  const ball = new V.SphereGeometry(0.035, 12, 8), rod = new V.CylinderGeometry(0.028, 0.028, 1, 10);
  const globe = new V.SphereGeometry(clip.skull, 20, 14);
  const dark = new V.MeshBasicMaterial({ color: clip.ground.shadow });
  const NOSE = 9, HEAD = 10;
  // A joint less sure is nearer to the colour behind it, as in the video: translucent limbs would
  // show each other's ends.
  const behind = new V.MeshBasicMaterial({ color: clip.ground.panel }).color;
  function painted(shape, hue) {
    const mesh = new V.Mesh(shape, new V.MeshStandardMaterial({ color: hue, roughness: 0.6 }));
    const whole = mesh.material.color.clone();
    mesh.userData.fade = (opacity) => mesh.material.color.copy(behind).lerp(whole, opacity);
    return mesh;
  }
  const bodies = people.map((p) => {
    const group = new V.Group(), shadow = new V.Group();
    const bySide = { left: p.colours[0], middle: p.colours[1], right: p.colours[2] };
    const rods = clip.edges.map((_, i) => painted(rod, bySide[clip.sides[i]]));
    const balls = Array.from({ length: 17 }, (_, i) => painted(ball, bySide[clip.jointSides[i]]));
    const skull = painted(globe, p.colours[1]);
    balls[HEAD].scale.setScalar(0.3);  // within the skull
    // The bones once more, dropped on the floor: they show where somebody stands who jumps.
    const dropped = rods.map((mesh) => {
      const copy = new V.Mesh(rod, dark);
      copy.matrixAutoUpdate = false;
      copy.matrix = mesh.matrix;
      return copy;
    });
    shadow.add(...dropped);
    shadow.scale.y = 1e-4;
    shadow.position.y = 0.005;
    group.add(...rods, ...balls, skull, shadow);
    scene.add(group);
    const label = made("span", String(p.id), at("space"));
    label.className = "label";
    label.style.color = p.colours[1];
    return { group, rods, balls, skull, dropped, label };
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
      const opacity = (joint) => p.opacity[17 * row + joint] / 255;
      body.balls.forEach((mesh, joint) => {
        mesh.visible = place(p, row, joint, mesh.position);
        mesh.userData.fade(opacity(joint));
      });
      body.skull.visible = place(p, row, NOSE, a) && place(p, row, HEAD, b);
      body.skull.position.addVectors(a, b).multiplyScalar(0.5);
      body.skull.userData.fade(Math.min(opacity(NOSE), opacity(HEAD)));
      clip.edges.forEach(([from, to], i) => {
        const mesh = body.rods[i];
        mesh.visible = place(p, row, from, a) && place(p, row, to, b);
        body.dropped[i].visible = mesh.visible;
        if (!mesh.visible) return;
        mesh.userData.fade(Math.min(opacity(from), opacity(to)));
        mesh.position.addVectors(a, b).multiplyScalar(0.5);
        b.sub(a);
        mesh.scale.y = Math.max(b.length(), 1e-4);
        mesh.quaternion.setFromUnitVectors(up, b.normalize());
      });
    });
    draw();
  }
  function draw() {
    renderer.render(scene, camera);
    const { clientWidth: w, clientHeight: h } = canvas;
    for (const { group, skull, label } of bodies) {
      label.hidden = !group.visible || !skull.visible;
      if (label.hidden) continue;
      a.copy(skull.position);
      a.y += 2 * clip.skull;
      a.project(camera);
      label.hidden = Math.abs(a.z) > 1;
      label.style.transform = `translate(${((a.x + 1) / 2) * w}px, ${((1 - a.y) / 2) * h}px) translate(-50%, -100%)`;
    }
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
  return { show };
})();
