// @ts-check
/** The table of the contenders: shows what Python made, and says which column is to sort it. */

const sheet = new CSSStyleSheet();
sheet.replaceSync(await (await fetch(new URL("table.css", import.meta.url))).text());

/** @param {{data: {html: string}, parentElement: ShadowRoot, setTriggerValue: (name: string, value: unknown) => void}} component */
export function show({ data, parentElement, setTriggerValue }) {
  parentElement.adoptedStyleSheets = [sheet];
  const box = parentElement.querySelector(".table") ?? parentElement.appendChild(document.createElement("div"));
  box.className = "table";
  const column = /** @type {HTMLElement | null} */ (parentElement.activeElement)?.dataset.column;
  if (box.innerHTML !== data.html) box.innerHTML = data.html; // Python has escaped every text in it
  if (column) /** @type {HTMLElement | null} */ (box.querySelector(`[data-column="${column}"]`))?.focus();
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (box.querySelectorAll("[data-column]"))) {
    button.onclick = () => setTriggerValue("sort", button.dataset.column);
  }
}
