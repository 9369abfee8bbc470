// @ts-check
/** The few WebGL2 calls that the surface needs, wrapped so that a mistake is named. */

/**
 * @typedef {object} Program
 * @property {WebGLProgram} program
 * @property {Record<string, WebGLUniformLocation>} at where each uniform is
 */

/** @param {WebGL2RenderingContext} gl @param {string} vertex @param {string} fragment @returns {Program} */
export function makeProgram(gl, vertex, fragment) {
  const program = gl.createProgram();
  for (const [type, source] of /** @type {[number, string][]} */ ([
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(type));
    gl.shaderSource(shader, `#version 300 es\nprecision highp float;\nprecision highp sampler2D;\n${source}`);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
      throw new Error(`A shader does not compile: ${gl.getShaderInfoLog(shader)}`);
    }
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`A shader program does not link: ${gl.getProgramInfoLog(program)}`);
  }
  /** @type {Record<string, WebGLUniformLocation>} */
  const at = {};
  const count = gl.isContextLost() ? 0 : gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS);
  for (let i = 0; i < count; i++) {
    const { name } = /** @type {WebGLActiveInfo} */ (gl.getActiveUniform(program, i));
    at[name] = /** @type {WebGLUniformLocation} */ (gl.getUniformLocation(program, name));
  }
  return { program, at };
}

/**
 * A texture without mip levels, clamped at its edges.
 * @param {WebGL2RenderingContext} gl @param {number} filter
 * @param {number} internal @param {number} width @param {number} height @param {number} format @param {number} type
 * @param {ArrayBufferView | null} pixels
 */
export function makeTexture(gl, filter, internal, width, height, format, type, pixels) {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  gl.texImage2D(gl.TEXTURE_2D, 0, internal, width, height, 0, format, type, pixels);
  return texture;
}

/**
 * @typedef {object} Target an image that is drawn to, with or without a depth image
 * @property {WebGLFramebuffer} frame
 * @property {WebGLTexture} colour
 * @property {WebGLTexture | null} depth
 */

/** @param {WebGL2RenderingContext} gl @param {number} width @param {number} height @param {boolean} deep */
export function makeTarget(gl, width, height, deep) {
  const frame = gl.createFramebuffer();
  const colour = makeTexture(gl, gl.NEAREST, gl.RGBA8, width, height, gl.RGBA, gl.UNSIGNED_BYTE, null);
  const depth = deep
    ? makeTexture(gl, gl.NEAREST, gl.DEPTH_COMPONENT24, width, height, gl.DEPTH_COMPONENT, gl.UNSIGNED_INT, null)
    : null;
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, colour, 0);
  if (depth) gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.TEXTURE_2D, depth, 0);
  return { frame, colour, depth };
}

/**
 * @typedef {object} Multisampled what is drawn with smooth edges, to be copied to a Target
 * @property {WebGLFramebuffer} frame
 * @property {WebGLRenderbuffer[]} buffers
 */

/** @param {WebGL2RenderingContext} gl @param {number} width @param {number} height @returns {Multisampled} */
export function makeMultisampled(gl, width, height) {
  const samples = Math.min(4, gl.getParameter(gl.MAX_SAMPLES));
  const frame = gl.createFramebuffer();
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
  const buffers = /** @type {[number, number][]} */ ([
    [gl.COLOR_ATTACHMENT0, gl.RGBA8],
    [gl.DEPTH_ATTACHMENT, gl.DEPTH_COMPONENT24],
  ]).map(([attachment, format]) => {
    const buffer = gl.createRenderbuffer();
    gl.bindRenderbuffer(gl.RENDERBUFFER, buffer);
    gl.renderbufferStorageMultisample(gl.RENDERBUFFER, samples, format, width, height);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, attachment, gl.RENDERBUFFER, buffer);
    return buffer;
  });
  return { frame, buffers };
}

/** @param {WebGL2RenderingContext} gl @param {Target | null} target */
export function dropTarget(gl, target) {
  if (!target) return;
  gl.deleteFramebuffer(target.frame);
  gl.deleteTexture(target.colour);
  gl.deleteTexture(target.depth);
}

/** @param {WebGL2RenderingContext} gl @param {Multisampled | null} target */
export function dropMultisampled(gl, target) {
  if (!target) return;
  gl.deleteFramebuffer(target.frame);
  for (const buffer of target.buffers) gl.deleteRenderbuffer(buffer);
}

/**
 * Binds a buffer's floats to an attribute.
 * @param {WebGL2RenderingContext} gl @param {number} place @param {number} size
 * @param {number} stride in bytes @param {number} offset in bytes @param {number} divisor 1: one value an instance
 */
export function attribute(gl, place, size, stride, offset, divisor) {
  gl.enableVertexAttribArray(place);
  gl.vertexAttribPointer(place, size, gl.FLOAT, false, stride, offset);
  gl.vertexAttribDivisor(place, divisor);
}
