/** Numbers in print, and round values for axes that the user can zoom. */

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** @param {number} value @param {number} digits significant ones @returns {string} such as 24.2, −0.5, 3.1 × 10⁻⁷ */
export function print(value, digits = 4) {
  if (value === 0) return "0";
  if (Math.abs(value) >= 1e30) return value > 0 ? "beyond 10³⁰" : "beyond −10³⁰";
  const [mantissa, power] = value.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  const plain = exponent >= -3 && exponent < 5;
  const text = plain
    ? Number(value.toPrecision(digits)).toFixed(Math.max(0, digits - 1 - exponent)).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "")
    : `${mantissa.replace(/\.?0+$/, "")} × 10${raised(exponent)}`;
  return text.replace("-", "−");
}

/** @param {number} exponent */
export function raised(exponent) {
  return (exponent < 0 ? "⁻" : "") + [...String(Math.abs(exponent))].map((digit) => RAISED[Number(digit)]).join("");
}

/** Round values in [low, high], about that many. @param {number} low @param {number} high @param {number} about */
export function roundValues(low, high, about) {
  const least = (high - low) / Math.max(about, 1);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= least * 0.999) ?? least;
  const values = [];
  for (let i = Math.ceil(low / step - 1e-9); i <= high / step + 1e-9; i++) values.push(i * step);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return { values, label: (/** @type {number} */ value) => value.toFixed(Math.min(decimals, 12)).replace("-", "−").replace(/^−(0\.?0*)$/, "$1") };
}
