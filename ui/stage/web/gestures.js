/**
 * Mouse, touch and wheel on a view, told apart.
 *
 * @typedef {object} Handlers points are in CSS pixels from the view's top left corner
 * @property {(dx: number, dy: number) => void} drag
 * @property {(factor: number, x: number, y: number) => boolean} zoom says whether anything changed
 * @property {(x: number, y: number) => void} [tap] a press and release without a drag
 * @property {(x: number, y: number) => void} [hover]
 * @property {() => void} [leave]
 * @property {(x: number, y: number) => void} [press]
 */

const STILL = 5; // how far a tap may wander, in CSS pixels

/** @param {HTMLElement} element @param {Handlers} handlers @param {AbortSignal} signal ends it */
export function gestures(element, handlers, signal) {
  /** @type {Map<number, {x: number, y: number}>} */
  const pressed = new Map();
  let wandered = 0;
  let apart = 0;
  const at = (/** @type {MouseEvent} */ event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const spread = () => {
    const [a, b] = [...pressed.values()];
    return { apart: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };
  const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ handler) =>
    element.addEventListener(name, handler, { signal, passive: false });

  on("pointerdown", (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0) return;
    if (!pressed.size) wandered = 0;
    pressed.set(event.pointerId, at(event));
    element.setPointerCapture(event.pointerId);
    if (pressed.size === 2) {
      wandered = Infinity;
      apart = spread().apart;
    } else handlers.press?.(at(event).x, at(event).y);
  });
  on("pointermove", (/** @type {PointerEvent} */ event) => {
    const here = at(event);
    const last = pressed.get(event.pointerId);
    if (!last) return handlers.hover?.(here.x, here.y);
    pressed.set(event.pointerId, here);
    wandered += Math.hypot(here.x - last.x, here.y - last.y);
    if (pressed.size === 2) {
      const now = spread();
      if (apart > 0) handlers.zoom(now.apart / apart, now.x, now.y);
      apart = now.apart;
      handlers.drag((here.x - last.x) / 2, (here.y - last.y) / 2);
    } else if (wandered > STILL) handlers.drag(here.x - last.x, here.y - last.y);
  });
  on("pointerup", (/** @type {PointerEvent} */ event) => {
    const here = at(event);
    if (pressed.delete(event.pointerId) && !pressed.size && wandered <= STILL) handlers.tap?.(here.x, here.y);
  });
  on("pointercancel", (/** @type {PointerEvent} */ event) => pressed.delete(event.pointerId));
  on("pointerleave", () => handlers.leave?.());
  on("wheel", (/** @type {WheelEvent} */ event) => {
    const lines = event.deltaMode === 1 ? 16 : 1;
    const strength = event.ctrlKey ? 0.01 : 0.0016; // a pinch on a track pad arrives as small steps with ctrl
    const here = at(event);
    // Where zooming has reached its limit the page scrolls on.
    if (handlers.zoom(Math.exp(-event.deltaY * lines * strength), here.x, here.y)) event.preventDefault();
  });
}
