// What the page takes of its libraries. Built into vendor.min.js, which is what the page holds:
//   npm install three@0.187 uplot@1.6 esbuild@0.28
//   npx esbuild vendor.entry.js --bundle --minify --format=iife --global-name=vendor \
//       --legal-comments=none --outfile=vendor.min.js
export {
  AmbientLight, CylinderGeometry, DirectionalLight, Group, GridHelper, Mesh, MeshBasicMaterial,
  MeshStandardMaterial, PerspectiveCamera, PlaneGeometry, Scene, SphereGeometry, Vector3,
  WebGLRenderer,
} from "three";
export { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
export { default as uPlot } from "uplot";
