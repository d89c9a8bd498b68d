// Points by WebGL 2: places, colours and states lie in the graphics memory, a drag only sets where they are looked at from.

import { BACK, BACK_FACTOR, DIM, EDGED, FADED, GHOST, PALE } from "./looks.js";

const VERTEX = `#version 300 es
in vec2 place; in float colour; in float size; in float state;
uniform vec4 window; uniform float radius; uniform float ratio; uniform bool sized; uniform float opacity;
uniform sampler2D palette; uniform vec3 ghost; uniform vec3 ground;
flat out vec4 tone; flat out float reach; flat out float edged;
void main() {
  int bits = int(state + 0.5);
  bool alive = (bits & 1) != 0;
  float r = radius * (sized ? sqrt(0.35 + 4.5 * size / 255.0) : 1.0) * ((bits & ${BACK}) != 0 ? float(${BACK_FACTOR}) : 1.0);
  reach = r * ratio;
  edged = r >= float(${EDGED}) ? ratio * 0.75 : 0.0;
  gl_Position = vec4(place * window.xy + window.zw, 0.0, 1.0);
  gl_PointSize = 2.0 * reach + 2.0;
  vec3 colour3 = alive ? texelFetch(palette, ivec2(int(colour + 0.5), 0), 0).rgb : ghost;
  float own = !alive ? float(${GHOST}) : (bits & ${DIM}) != 0 ? float(${FADED}) : 1.0;
  tone = vec4(mix(ground, colour3, own), own < 1.0 ? float(${PALE}) : opacity);
}`;
// Premultiplied, as the browser lays the canvas over the page: colours are washed out otherwise.
const FRAGMENT = `#version 300 es
precision highp float;
flat in vec4 tone; flat in float reach; flat in float edged;
uniform highp vec3 ground;
out vec4 painted;
void main() {
  float away = length(gl_PointCoord - 0.5) * (2.0 * reach + 2.0);
  float cover = clamp(reach + 0.5 - away, 0.0, 1.0);
  float rim = edged > 0.0 ? clamp(away - (reach - edged) + 0.5, 0.0, 1.0) : 0.0;
  float alpha = tone.a * cover;
  painted = vec4(mix(tone.rgb, ground, rim) * alpha, alpha);
}`;

const FRAME = 24; // Milliseconds that a frame may take while the map moves.
const THINNEST = 24; // One in as many points is drawn at least.

function compiled(gl, type, source) {
  const shader = gl.createShader(type);
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  return shader;
}

const known = new Map();

/** A colour of CSS as [red, green, blue] from 0 to 255. */
export function channels(colour) {
  if (!known.has(colour)) known.set(colour, paintedAs(colour));
  return known.get(colour);
}

function paintedAs(colour) {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

const shares = (colour) => channels(colour).map((value) => value / 255);

/** The points on a canvas of their own. `lost` is true while there is no context to draw with. */
export class PointLayer {
  constructor(canvas, changed) {
    this.canvas = canvas;
    const options = { alpha: true, premultipliedAlpha: true, antialias: false, depth: false };
    this.gl = canvas.getContext("webgl2", options);
    this.lost = this.gl === null;
    if (this.lost) return;
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault(); // Else it is never given back.
      this.lost = true;
      changed();
    });
    canvas.addEventListener("webglcontextrestored", () => {
      this.begin();
      changed();
    });
    this.begin();
  }

  /** Make the program and empty buffers, at first and whenever the context was lost. */
  begin() {
    const { gl } = this;
    this.lost = gl.isContextLost();
    this.held = {};
    this.buffers = {};
    Object.assign(this, { took: 0, timed: null, thin: null });
    if (this.lost) return;
    const program = this.program = gl.createProgram();
    gl.attachShader(program, compiled(gl, gl.VERTEX_SHADER, VERTEX));
    gl.attachShader(program, compiled(gl, gl.FRAGMENT_SHADER, FRAGMENT));
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
      this.lost = true; // A driver that cannot do it: the points are drawn as where there is no WebGL, which is said.
      return;
    }
    gl.useProgram(program);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  uniform(name) {
    return this.gl.getUniformLocation(this.program, name);
  }

  /** Put an array into the buffer of an attribute, unless it is there. */
  attribute(name, values, { parts = 1, normalised = false } = {}) {
    const { gl } = this;
    const at = gl.getAttribLocation(this.program, name);
    if (values === null) {
      gl.disableVertexAttribArray(at);
      gl.vertexAttrib1f(at, 255);
      this.held[name] = null;
      return;
    }
    this.buffers[name] ??= gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
    if (this.held[name] !== values) gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    this.held[name] = values;
    gl.enableVertexAttribArray(at);
    const type = values instanceof Uint16Array ? gl.UNSIGNED_SHORT : gl.UNSIGNED_BYTE;
    gl.vertexAttribPointer(at, parts, type, normalised, 0, 0);
  }

  setOrder(order) {
    const { gl } = this;
    this.buffers.order ??= gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffers.order);
    if (this.held.order !== order) gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order, gl.STATIC_DRAW);
    this.held.order = order;
  }

  setPalette(palette) {
    const { gl } = this;
    const name = palette.join();
    if (this.held.palette === name) return;
    this.held.palette = name;
    const texels = new Uint8Array(256 * 4).fill(255);
    palette.slice(0, 256).forEach((colour, code) => texels.set(channels(colour), 4 * code));
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  resize({ width, height }, ratio) {
    const size = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
    if (this.canvas.width !== size.width || this.canvas.height !== size.height) Object.assign(this.canvas, size);
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    this.gl.viewport(0, 0, size.width, size.height);
  }

  clear() {
    if (this.lost) return;
    this.gl.clearColor(0, 0, 0, 0);
    this.gl.clear(this.gl.COLOR_BUFFER_BIT);
  }

  /** The order in which to draw, with fewer points while the map moves where all of them take too long. */
  orderOf(arrangement, moving) {
    const every = moving ? Math.min(THINNEST, Math.ceil(this.took / FRAME)) : 1;
    if (every < 2) return arrangement.order;
    if (this.thin?.of !== arrangement.order || this.thin.every !== every) {
      this.thin = { of: arrangement.order, every, order: arrangement.order.filter((_, k) => k % every === 0) };
    }
    return this.thin.order;
  }

  /** Draw points as a camera sees them; `moving`: the next frame comes soon. */
  draw({ picture, arrangement, camera, look, style }, ratio, moving) {
    const { gl } = this;
    const order = this.orderOf(arrangement, moving);
    const timed = this.timed !== arrangement.order && !moving;
    if (timed) gl.finish();
    const began = performance.now();
    this.resize(camera.size, ratio);
    this.clear();
    this.attribute("place", picture.place, { parts: 2, normalised: true });
    this.attribute("colour", picture.colour);
    this.attribute("size", picture.size);
    this.attribute("state", arrangement.states);
    this.setOrder(order);
    this.setPalette(style.palette);
    const { box: [x0, y0, x1, y1] } = picture;
    const [perX, perY] = [2 / camera.size.width, 2 / camera.size.height].map((per) => per * camera.scale);
    gl.uniform4f(this.uniform("window"), (x1 - x0) * perX, (y1 - y0) * perY, (x0 - camera.view.x) * perX,
      (y0 - camera.view.y) * perY);
    gl.uniform1f(this.uniform("radius"), look.radius);
    gl.uniform1f(this.uniform("opacity"), look.opacity);
    gl.uniform1f(this.uniform("ratio"), ratio);
    gl.uniform1i(this.uniform("sized"), picture.size ? 1 : 0);
    gl.uniform3f(this.uniform("ghost"), ...shares(style.muted));
    gl.uniform3f(this.uniform("ground"), ...shares(style.ground));
    gl.drawElements(gl.POINTS, order.length, gl.UNSIGNED_INT, 0);
    if (!timed) return;
    gl.finish(); // Once for each order: how long it takes is else known only to the graphics process.
    this.timed = order;
    this.took = performance.now() - began;
  }

  /** Give the context back: a browser has only a few. */
  end() {
    this.gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

