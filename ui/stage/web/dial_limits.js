/** Where the labels of the dial's stability limits stand, so that none covers another or leaves the track. */

const TOGETHER = 0.004; // of the track: marks closer than this are one
const FAR_RIGHT = 0.86; // of the track: from here on a label to the right would leave it

/**
 * @param {HTMLElement[]} marks that at the start and that at the end, each with its label in it
 * @param {number} start its place as a share of the track, NaN where there is none @param {number} end
 * @param {string} startLabel @param {string} endLabel
 */
export function placeLimits(marks, start, end, startLabel, endLabel) {
  const together = Math.abs(start - end) < TOGETHER;
  const labels = [together ? `${startLabel} and at the end` : startLabel, endLabel];
  [start, end].forEach((share, i) => {
    const other = i ? start : end;
    const alone = together || Number.isNaN(other);
    marks[i].hidden = Number.isNaN(share) || (together && i === 1);
    marks[i].classList.toggle("before", alone ? share > 0.5 : share < other || share > FAR_RIGHT);
    const covered = !alone && other > FAR_RIGHT && share < other && share > 2 * FAR_RIGHT - 1;
    /** @type {Element} */ (marks[i].firstElementChild).textContent = covered ? "" : labels[i];
  });
}
