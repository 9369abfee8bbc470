/**
 * The surface's shaders. World units: the longer side of the map is 2 wide, centred on the origin; z is up.
 * Colours are premultiplied by their alpha. What lies behind the surface is found by comparing with its depth image, so
 * that it can be drawn faint instead of not at all.
 */

const ENCODE = `
vec3 encode(vec3 linear) {
  return mix(12.92 * linear, 1.055 * pow(max(linear, 1e-5), vec3(1.0 / 2.4)) - 0.055, step(0.0031308, linear));
}`;

/** How much of a fragment is in front of the surface: 1, or less where it is behind. */
const VISIBLE = `
uniform sampler2D u_depth;
float visible(float depth, float bias) {
  float surface = texelFetch(u_depth, ivec2(gl_FragCoord.xy), 0).r;
  return smoothstep(surface + bias + 0.001, surface + bias, depth);
}`;

export const mesh = {
  vertex: `
uniform sampler2D u_heights;
uniform mat4 u_camera;
uniform vec3 u_scale;
out vec3 v_world;
out vec2 v_place;
out float v_height;
void main() {
  ivec2 size = textureSize(u_heights, 0);
  ivec2 at = ivec2(gl_VertexID % size.x, gl_VertexID / size.x);
  vec2 unit = vec2(at) / vec2(size - 1);
  v_height = texelFetch(u_heights, at, 0).r;
  v_place = (vec2(at) + 0.5) / vec2(size);
  v_world = vec3(unit - 0.5, v_height) * u_scale;
  gl_Position = u_camera * vec4(v_world, 1);
}`,
  fragment: `
uniform sampler2D u_relief, u_ramp;
uniform vec3 u_scale, u_eye, u_light;
uniform vec4 u_contours; // first, step, which is strong, every how many
uniform float u_line, u_dark;
in vec3 v_world;
in vec2 v_place;
in float v_height;
out vec4 colour;
${ENCODE}
void main() {
  vec4 relief = texture(u_relief, v_place); // slope along x, slope along y, openness
  vec3 normal = normalize(vec3(-relief.xy, 1));
  vec3 view = normalize(u_eye - v_world);
  if (dot(normal, view) < 0.0) normal = normalize(normal - 1.02 * dot(normal, view) * view);
  vec3 base = texture(u_ramp, vec2(v_height, 0.5)).rgb;

  float k = (v_height - u_contours.x) / u_contours.y;
  float wide = max(length(vec2(dFdx(k), dFdy(k))), 1e-6);
  float strong = 1.0 - step(0.5, abs(mod(floor(k + 0.5) - u_contours.z + 0.5, u_contours.w) - 0.5));
  float line = 1.0 - smoothstep(0.0, 1.0, abs(fract(k - 0.5) - 0.5) / wide - u_line * (0.1 + 0.3 * strong));
  line *= mix(0.32, 0.5, strong) * (1.0 - smoothstep(0.2, 0.7, wide * mix(1.0, 0.3, strong)));
  line *= step(-0.25, k) * step(0.004, v_height);
  float luminance = dot(base, vec3(0.2126, 0.7152, 0.0722));
  vec3 ink = luminance < 0.16 ? mix(base, vec3(1), 0.36) : base * 0.12;

  float lit = dot(normal, u_light);
  float wrapped = clamp(lit * 0.62 + 0.38, 0.0, 1.0);
  float sky = 0.5 + 0.5 * normal.z;
  float shade = (0.26 * sky + 0.92 * wrapped) * mix(0.55, 1.0, relief.z);
  vec3 half_way = normalize(u_light + view);
  float gloss = pow(max(dot(normal, half_way), 0.0), 42.0) * 0.10 * step(0.0, lit);
  float rim = pow(1.0 - max(dot(normal, view), 0.0), 3.0) * mix(0.10, 0.05, u_dark);
  vec3 shown = base * shade * mix(vec3(1.02, 1.0, 0.97), vec3(0.92, 0.97, 1.08), 1.0 - wrapped);
  shown = mix(shown, ink, line) + gloss + rim * mix(vec3(1), base, 0.5);
  colour = vec4(encode(clamp(shown, 0.0, 1.0)), 1);
}`,
};

/** The cut sides of the block that the surface tops: two rows of vertices around the map's edge. */
export const wall = {
  vertex: `
uniform sampler2D u_heights;
uniform mat4 u_camera;
uniform vec3 u_scale;
uniform float u_base;
out vec2 v_level; // height, height of the edge above
out vec3 v_normal;
void main() {
  ivec2 size = textureSize(u_heights, 0);
  int along = gl_VertexID / 2;
  int side = gl_InstanceID;
  ivec2 at = side == 0 ? ivec2(along, 0) : side == 1 ? ivec2(size.x - 1, along)
    : side == 2 ? ivec2(size.x - 1 - along, size.y - 1) : ivec2(0, size.y - 1 - along);
  at = clamp(at, ivec2(0), size - 1);
  float edge = texelFetch(u_heights, at, 0).r;
  float height = gl_VertexID % 2 == 0 ? edge : u_base;
  v_level = vec2(height, edge);
  v_normal = side == 0 ? vec3(0, -1, 0) : side == 1 ? vec3(1, 0, 0) : side == 2 ? vec3(0, 1, 0) : vec3(-1, 0, 0);
  gl_Position = u_camera * vec4(vec3(vec2(at) / vec2(size - 1) - 0.5, height) * u_scale, 1);
}`,
  fragment: `
uniform sampler2D u_ramp;
uniform vec3 u_light, u_paper;
uniform vec4 u_contours;
uniform float u_base, u_dark;
in vec2 v_level;
in vec3 v_normal;
out vec4 colour;
${ENCODE}
void main() {
  vec3 base = texture(u_ramp, vec2(clamp(v_level.x, 0.0, 1.0), 0.5)).rgb;
  float grey = dot(base, vec3(0.2126, 0.7152, 0.0722));
  base = mix(base, vec3(grey), 0.35);
  float k = (v_level.x - u_contours.x) / u_contours.y;
  float wide = max(length(vec2(dFdx(k), dFdy(k))), 1e-6);
  float strong = 1.0 - step(0.5, abs(mod(floor(k + 0.5) - u_contours.z + 0.5, u_contours.w) - 0.5));
  float line = (1.0 - smoothstep(0.0, 1.0, abs(fract(k - 0.5) - 0.5) / wide)) * strong * 0.25 * step(0.0, k);
  float lit = 0.42 + 0.36 * clamp(dot(v_normal, u_light) * 0.7 + 0.3, 0.0, 1.0);
  float mist = smoothstep(v_level.y, u_base, v_level.x) * mix(0.62, 0.5, u_dark);
  float top = smoothstep(0.025, 0.0, v_level.y - v_level.x);
  vec3 shown = base * lit * (1.0 + 0.6 * top);
  shown = mix(shown, vec3(grey < 0.1 ? 0.4 : 0.02), line);
  shown = mix(shown, u_paper, mist);
  colour = vec4(encode(shown), 1);
}`,
};

/** The soft shadow that the block casts on the page. */
export const ground = {
  vertex: `
uniform mat4 u_camera;
uniform vec3 u_scale;
uniform float u_base;
out vec2 v_at;
void main() {
  vec2 corner = vec2(gl_VertexID % 2, gl_VertexID / 2) * 2.0 - 1.0;
  v_at = corner * (0.5 * u_scale.xy + 0.55);
  gl_Position = u_camera * vec4(v_at, u_base * u_scale.z, 1);
}`,
  fragment: `
uniform vec3 u_scale;
uniform float u_dark;
in vec2 v_at;
out vec4 colour;
void main() {
  vec2 outside = max(abs(v_at) - 0.5 * u_scale.xy + 0.06, 0.0);
  float near = 1.0 - smoothstep(0.0, 0.5, length(outside));
  colour = vec4(0, 0, 0, near * near * mix(0.22, 0.5, u_dark));
}`,
};

/**
 * A stretch of trail: a quad a piece, as wide as it should be on the screen, cut at the head's step. The pieces are read
 * out of an image: as instances of one quad they would take five times as long where GL is software.
 */
export const trail = {
  vertex: `
uniform highp sampler2D u_pieces; // a piece is three texels: x, y, z, step at both ends; the length before it
uniform mat4 u_camera;
uniform vec2 u_view;
uniform float u_head, u_width, u_caps;
out vec2 v_pixel; // along and across, in pixels from the first end
out float v_length, v_travelled;
const int CORNERS[6] = int[6](0, 1, 2, 2, 1, 3);
void main() {
  int row = textureSize(u_pieces, 0).x / 3;
  int piece = gl_VertexID / 6;
  ivec2 texel = ivec2(3 * (piece % row), piece / row);
  vec4 begin = texelFetch(u_pieces, texel, 0);
  vec4 finish = texelFetch(u_pieces, texel + ivec2(1, 0), 0);
  int corner = CORNERS[gl_VertexID % 6];
  float span = max(finish.w - begin.w, 1e-9);
  float share = clamp((u_head - begin.w) / span, 0.0, 1.0);
  vec3 end = mix(begin.xyz, finish.xyz, share);
  vec4 p = u_camera * vec4(begin.xyz, 1);
  vec4 q = u_camera * vec4(end, 1);
  vec2 from = p.xy / p.w * u_view * 0.5;
  vec2 to = q.xy / q.w * u_view * 0.5;
  v_length = length(to - from);
  vec2 along = v_length > 1e-4 ? (to - from) / v_length : vec2(1, 0);
  float reach = u_width * 0.5 + 1.0;
  bool far = corner % 2 == 1;
  float side = corner < 2 ? -1.0 : 1.0;
  float extra = u_caps > 0.5 ? reach : 0.0;
  v_pixel = vec2(far ? v_length + extra : -extra, side * reach);
  v_travelled = texelFetch(u_pieces, texel + ivec2(2, 0), 0).x;
  vec2 at = from + along * v_pixel.x + vec2(-along.y, along.x) * v_pixel.y;
  vec4 base = far ? q : p;
  gl_Position = vec4(at / (u_view * 0.5) * base.w, base.z, base.w);
  if (share <= 0.0) gl_Position = vec4(2, 2, 2, 1);
}`,
  fragment: `
uniform vec4 u_colour;
uniform float u_width, u_faint;
uniform vec2 u_dash; // length on, whole period; no gaps when the period is 0
in vec2 v_pixel;
in float v_length, v_travelled;
out vec4 colour;
${VISIBLE}
void main() {
  float beyond = max(max(-v_pixel.x, v_pixel.x - v_length), 0.0);
  float inside = u_width * 0.5 - length(vec2(beyond, v_pixel.y)) + 0.5;
  float seen = visible(gl_FragCoord.z, 0.0022);
  if (seen < 0.5 && beyond > 0.0) discard; // caps would show where a faint line overlaps itself
  float alpha = clamp(inside, 0.0, 1.0) * mix(u_faint, 1.0, seen);
  if (u_dash.y > 0.0 && mod(v_travelled, u_dash.y) > u_dash.x) alpha *= 0.15;
  colour = vec4(u_colour.rgb, 1) * u_colour.a * alpha;
}`,
};

/** Small signs that face the viewer: 0 disc, 1 star, 2 diamond, 3 cross, 4 ring. */
export const sign = {
  vertex: `
layout(location = 0) in vec4 a_at; // x, y, z, and its size as a share of u_size
uniform mat4 u_camera;
uniform float u_size;
out float v_size;
void main() {
  v_size = u_size * a_at.w;
  gl_Position = u_camera * vec4(a_at.xyz, 1);
  gl_PointSize = v_size + 3.0;
}`,
  fragment: `
uniform vec4 u_fill, u_edge;
uniform float u_edge_width, u_faint, u_bias;
uniform int u_shape;
in float v_size;
out vec4 colour;
${VISIBLE}
float star(vec2 p) {
  float sector = 1.2566371;
  float angle = mod(atan(p.x, p.y) + sector / 2.0, sector) - sector / 2.0;
  vec2 q = length(p) * vec2(cos(angle), abs(sin(angle)));
  vec2 tip = vec2(1, 0), notch = 0.46 * vec2(cos(sector / 2.0), sin(sector / 2.0));
  vec2 edge = notch - tip;
  return dot(q - tip, normalize(vec2(-edge.y, edge.x))) * -1.0;
}
void main() {
  vec2 p = (gl_PointCoord * 2.0 - 1.0) * (v_size + 3.0) / v_size;
  p.y = -p.y;
  float d = u_shape == 1 ? star(p)
    : u_shape == 2 ? (abs(p.x) + abs(p.y) - 0.95) * 0.707
    : u_shape == 3 ? max(min(abs(p.x - p.y), abs(p.x + p.y)) * 0.707 - 0.24, length(p) - 0.95)
    : u_shape == 4 ? abs(length(p) - 0.72) - 0.2
    : length(p) - 0.95;
  float pixel = 2.0 / v_size;
  float cover = clamp(0.5 - d / pixel, 0.0, 1.0);
  float inner = clamp(0.5 - (d + u_edge_width * pixel) / pixel, 0.0, 1.0);
  float alpha = cover * mix(u_faint, 1.0, visible(gl_FragCoord.z, u_bias));
  vec4 shown = mix(u_edge, u_fill, inner);
  colour = vec4(shown.rgb, 1) * shown.a * alpha;
}`,
};

/** A square on the screen around a point of the world, in which the next two draw the ball and its shadow. */
const AROUND = `
uniform mat4 u_camera;
uniform vec3 u_centre;
uniform vec2 u_view;
uniform float u_reach; // pixels
void main() {
  vec4 centre = u_camera * vec4(u_centre, 1);
  vec2 corner = vec2(gl_VertexID % 2, gl_VertexID / 2) * 2.0 - 1.0;
  gl_Position = vec4(centre.xy / centre.w + corner * u_reach / (u_view * 0.5), centre.z / centre.w, 1);
}`;

/** What the ball keeps from the surface: open sky close by, and the light along its direction. */
export const shadow = {
  vertex: AROUND,
  fragment: `
uniform sampler2D u_depth;
uniform mat4 u_inverse;
uniform vec3 u_centre, u_light;
uniform vec2 u_view;
uniform float u_radius;
out vec4 colour;
void main() {
  float depth = texelFetch(u_depth, ivec2(gl_FragCoord.xy), 0).r;
  if (depth >= 1.0) discard;
  vec4 p = u_inverse * vec4(gl_FragCoord.xy / u_view * 2.0 - 1.0, depth * 2.0 - 1.0, 1);
  vec3 to = u_centre - p.xyz / p.w;
  float distance = length(to) / u_radius;
  float closed = 0.62 * smoothstep(2.6, 0.7, distance);
  float ahead = dot(to, u_light);
  float beside = length(to - ahead * u_light) / u_radius;
  float blocked = ahead > 0.0 ? 0.55 * smoothstep(1.25, 0.55, beside) * smoothstep(5.0, 1.0, distance) : 0.0;
  colour = vec4(0, 0, 0, 1.0 - (1.0 - closed * closed) * (1.0 - blocked));
}`,
};

export const ball = {
  vertex: AROUND,
  fragment: `
uniform mat4 u_camera, u_inverse;
uniform vec3 u_centre, u_eye, u_light, u_main, u_second;
uniform vec4 u_turn;
uniform vec2 u_view;
uniform float u_radius, u_pixel; // u_pixel: how wide a pixel is at distance 1
out vec4 colour;
${VISIBLE}
${ENCODE}
vec3 turned_back(vec4 q, vec3 v) {
  vec3 axis = -q.xyz;
  return v + 2.0 * cross(axis, cross(axis, v) + q.w * v);
}
void main() {
  vec4 p = u_inverse * vec4(gl_FragCoord.xy / u_view * 2.0 - 1.0, 1, 1);
  vec3 ray = normalize(p.xyz / p.w - u_eye);
  vec3 to = u_centre - u_eye;
  float along = dot(to, ray);
  float miss = length(to - along * ray);
  float pixel = along * u_pixel;
  float cover = clamp((u_radius - miss) / pixel + 0.5, 0.0, 1.0);
  if (cover <= 0.0) discard;
  float half_chord = sqrt(max(u_radius * u_radius - miss * miss, 0.0));
  vec3 hit = u_eye + ray * (along - half_chord);
  vec3 normal = normalize(hit - u_centre);
  vec3 local = turned_back(u_turn, normal);

  float gore = sin(3.0 * atan(local.y, local.x)) * length(local.xy);
  float stripe = smoothstep(-1.0, 1.0, gore / max(fwidth(gore), 0.02));
  float cap = smoothstep(-1.0, 1.0, (abs(local.z) - 0.86) / max(fwidth(local.z), 0.02));
  vec3 base = mix(mix(u_second, u_main, stripe), u_main, cap);

  float lit = dot(normal, u_light);
  float shade = 0.34 + 0.16 * normal.z + 0.62 * smoothstep(-0.35, 1.0, lit);
  float gloss = pow(max(dot(normal, normalize(u_light - ray)), 0.0), 60.0);
  float rim = 1.0 - 0.35 * pow(1.0 - max(dot(normal, -ray), 0.0), 2.0);
  vec3 shown = encode(clamp(base * shade * rim + gloss * 0.55, 0.0, 1.0));

  vec4 clip = u_camera * vec4(hit, 1);
  float seen = mix(0.28, 1.0, visible(clip.z / clip.w * 0.5 + 0.5, 0.0012));
  colour = vec4(shown, 1) * cover * seen;
}`,
};
