"""Many minima: where a run ends depends on where it began.

The digits of minimizers that no formula gives come from Newton's method on the formula, with 40 digits.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np

from landscapes.base import SURVEY, landscape

WELLS = np.array([[-1.5, 1.5, 1.2], [-1, 1, -1.6], [0.5, 5, 2], [1, 1.6, 0.7]])
"""The wells of `gaussian_wells`, a column each: x and y of its centre, how fast it rises, its depth."""

DIXON_SZEGO = "Dixon and Szegő 1978, Towards Global Optimisation 2, North-Holland"


@landscape(
    title="Himmelblau",
    chapter="Many minima",
    domain=((-5, 5), (-5, 5)),
    start=(-0.5, -1.2),
    minima=(
        (3, 2),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.2831859912861696),
        (3.5844283403304917, -1.8481265269644036),
    ),
    minimum=0,
    saddles=(
        (-3.0730257507643897, -0.08135304428796751),
        (0.08667750455539636, 2.884254701174776),
        (3.385154183607021, 0.07385187983774928),
        (-0.12796134673068008, -1.9537149802445763),
    ),
    pins=(((3, 2), 0), ((0, 0), 170), ((1, 1), 106), ((-2, 1), 100), ((2, -1), 80)),
    tex=r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    source="Himmelblau 1972, Applied Nonlinear Programming, ISBN 0-07-028921-2",
    teaches="Four equally good minima: a small change of the start or of the learning rate picks another one.",
    height="log",
)
def himmelblau(p: jax.Array) -> jax.Array:
    x, y = p
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


@landscape(
    title="Rastrigin",
    chapter="Many minima",
    domain=((-5.12, 5.12), (-5.12, 5.12)),
    start=(4.4, -3.3),
    minima=((0, 0),),
    minimum=0,
    local_minima=((0.9949586376523348, 0), (0, 0.9949586376523348), (0.9949586376523348, 0.9949586376523348)),
    saddles=((0.5025460365546747, 0), (0, 0.5025460365546747)),
    pins=(((0, 0), 0), ((1, 0), 1), ((0.5, 0), 20.25), ((0.5, 0.5), 40.5), ((0.25, 1), 11.0625)),
    tex=r"20 + x^2 + y^2 - 10\cos 2\pi x - 10\cos 2\pi y",
    source="Rastrigin 1974, Systems of Extremal Control; Mühlenbein, Schomisch and Born 1991, "
    "doi:10.1016/S0167-8191(05)80052-3",
    teaches="A bowl under an egg box: plain descent stops in one of 120 dents, however good the bowl below.",
)
def rastrigin(p: jax.Array) -> jax.Array:
    x, y = p
    return 20 + x**2 + y**2 - 10 * (jnp.cos(2 * jnp.pi * x) + jnp.cos(2 * jnp.pi * y))


@landscape(
    title="Ackley",
    chapter="Many minima",
    domain=((-5, 5), (-5, 5)),
    start=(3.4, 2.3),
    minima=((0, 0),),
    minimum=0,
    local_minima=((0.9521665459501717, 0), (0, 0.9521665459501717), (0.9684776587077244, 0.9684776587077244)),
    saddles=((0.6257806168564638, 0), (0, 0.6257806168564638)),
    pins=(((0, 0), 0), ((1, 1), 3.6253849384403627), ((1, 0), 2.637531092108303), ((0.5, 0.5), 4.253654026568412)),
    tex=r"-20\,e^{-0.2\sqrt{(x^2+y^2)/2}} - e^{(\cos 2\pi x + \cos 2\pi y)/2} + 20 + e",
    source="Ackley 1987, A Connectionist Machine for Genetic Hillclimbing, doi:10.1007/978-1-4613-1997-9",
    teaches="Ripples on a plain around one funnel: small steps stop in a ripple, large ones fall into the funnel.",
    notes="At the minimum the surface has the tip of a cone and no gradient; here it is 0. Domains from 5 to 35 are in "
    "use; this is the middle.",
)
def ackley(p: jax.Array) -> jax.Array:
    x, y = p
    ripples = jnp.exp((jnp.cos(2 * jnp.pi * x) + jnp.cos(2 * jnp.pi * y)) / 2)
    return -20 * jnp.exp(-0.2 * _root((x**2 + y**2) / 2)) - ripples + 20 + math.e


@landscape(
    title="Six-hump camel",
    chapter="Many minima",
    domain=((-2, 2), (-1.2, 1.2)),
    start=(-1.1, 0.25),
    minima=((0.08984201310031806, -0.7126564030207396), (-0.08984201310031806, 0.7126564030207396)),
    minimum=-1.0316284534898774,
    local_minima=(
        (1.703606714969981, -0.7960835686726251),
        (-1.703606714969981, 0.7960835686726251),
        (1.6071047529201972, 0.5686514548841314),
        (-1.6071047529201972, -0.5686514548841314),
    ),
    saddles=(
        (0, 0),
        (1.1092053368047865, -0.7682680925095399),
        (-1.1092053368047865, 0.7682680925095399),
        (1.2960702671671092, 0.6050843880386585),
        (-1.2960702671671092, -0.6050843880386585),
        (1.6380679841897785, 0.22867406904439408),
        (-1.6380679841897785, -0.22867406904439408),
    ),
    pins=(((0, 0), 0), ((1, 0), 67 / 30), ((0, 0.5), -0.75), ((1, 1), 97 / 30), ((1, -1), 37 / 30), ((2, 1), 86 / 15)),
    tex=r"\left(4 - 2.1x^2 + \tfrac{x^4}{3}\right)x^2 + xy + (-4 + 4y^2)\,y^2",
    source=DIXON_SZEGO,
    teaches="Six minima on three levels: which of them a run finds says nothing about how good it is.",
    notes="Sources round the minimizer to (0.0898, -0.7126). Jamil and Yang's square is 5 to either side; shown is the "
    "part with the humps.",
)
def six_hump_camel(p: jax.Array) -> jax.Array:
    x, y = p
    return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2


@landscape(
    title="Three-hump camel",
    chapter="Many minima",
    domain=((-2.4, 2.4), (-2.4, 2.4)),
    start=(-1.3, 1.9),
    minima=((0, 0),),
    minimum=0,
    local_minima=((1.7475523458302888, -0.8737761729151444), (-1.7475523458302888, 0.8737761729151444)),
    saddles=((1.07054229182366, -0.53527114591183), (-1.07054229182366, 0.53527114591183)),
    pins=(((0, 0), 0), ((1, 0), 67 / 60), ((0, 1), 1), ((1, 1), 187 / 60), ((2, -1), 13 / 15)),
    tex=r"2x^2 - 1.05x^4 + \tfrac{x^6}{6} + xy + y^2",
    source=f"{DIXON_SZEGO}; {SURVEY}",
    teaches="A false minimum on either side of the true one: momentum can carry the ball over the rim, or back again.",
)
def three_hump_camel(p: jax.Array) -> jax.Array:
    x, y = p
    return 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2


@landscape(
    title="Styblinski-Tang",
    chapter="Many minima",
    domain=((-4.5, 4.5), (-4.5, 4.5)),
    start=(0.4, 4),
    minima=((-2.903534027771177, -2.903534027771177),),
    minimum=-78.33233140754282,
    local_minima=(
        (-2.903534027771177, 2.746802770990837),
        (2.746802770990837, -2.903534027771177),
        (2.746802770990837, 2.746802770990837),
    ),
    saddles=(
        (0.1567312567803401, -2.903534027771177),
        (0.1567312567803401, 2.746802770990837),
        (-2.903534027771177, 0.1567312567803401),
        (2.746802770990837, 0.1567312567803401),
    ),
    pins=(((0, 0), 0), ((1, 1), -10), ((-3, 2), -58), ((1, 0), -5), ((0, -1), -10)),
    tex=r"\tfrac12\left(x^4 - 16x^2 + 5x + y^4 - 16y^2 + 5y\right)",
    source="Styblinski and Tang 1990, doi:10.1016/0893-6080(90)90029-K",
    teaches="One wide basin in each quarter, and only the lower left one is the best: the start decides.",
    notes="Often quoted as -39.16599 a coordinate, which is off in the fourth digit after the point: it is -39.16617.",
)
def styblinski_tang(p: jax.Array) -> jax.Array:
    x, y = p
    return (x**4 - 16 * x**2 + 5 * x + y**4 - 16 * y**2 + 5 * y) / 2


@landscape(
    title="Griewank",
    chapter="Many minima",
    domain=((-10, 10), (-10, 10)),
    start=(7.9, 6.3),
    minima=((0, 0),),
    minimum=0,
    local_minima=(
        (3.1400226338955397, 4.438444480920714),
        (-3.1400226338955397, -4.438444480920714),
        (3.1400226338955397, -4.438444480920714),
        (-3.1400226338955397, 4.438444480920714),
    ),
    saddles=((1.5723679104393218, 2.2225533025787545), (-1.5723679104393218, -2.2225533025787545)),
    pins=(((0, 0), 0), ((math.pi, 0), 2.0024674011002722), ((math.pi / 2, 0), 1.000616850275068)),
    tex=r"1 + \frac{x^2+y^2}{4000} - \cos x \cos\frac{y}{\sqrt2}",
    source="Griewank 1981, doi:10.1007/BF00933356",
    teaches="Seen from afar a bowl, from nearby waves: over this square the bowl is 0.05 deep and the waves 2.",
    notes="Törn and Žilinskas 1989 give the divisor 200 for two variables and 4000 for ten; surveys use 4000 for any "
    "number, and so does this. The usual square reaches to 600, where nothing but the bowl can be seen.",
)
def griewank(p: jax.Array) -> jax.Array:
    x, y = p
    return 1 + (x**2 + y**2) / 4000 - jnp.cos(x) * jnp.cos(y / math.sqrt(2))


@landscape(
    title="Levy",
    chapter="Many minima",
    domain=((-10, 10), (-10, 10)),
    start=(-7.5, 8),
    minima=((1, 1),),
    minimum=0,
    local_minima=((3.79108219045051, 1), (-4.205434985718203, 1), (1, 4.890649608461714)),
    saddles=((2.7688604518537936, 1), (-2.7053160403868706, 1)),
    pins=(((1, 1), 0), ((1, 3), 0.25), ((1, 2), 0.125), ((-3, 1), 8.080734182735712), ((1, -3), 1)),
    tex=r"\sin^2 \pi u + (u-1)^2\left[1 + 10\sin^2(\pi u + 1)\right] + (v-1)^2\left[1 + \sin^2 2\pi v\right],"
    r"\quad u = 1 + \tfrac{x-1}{4},\; v = 1 + \tfrac{y-1}{4}",
    source="Levy and Montalvo 1985, doi:10.1137/0906002; in this form Laguna and Martí 2005, "
    "doi:10.1007/s10898-004-1936-z",
    teaches="Forty minima, and the waves grow with the distance from the best one: every fall ends in a side valley.",
    notes="At least four functions go by this name. Number 13, written in x and y themselves, is another one; we have "
    "not seen this form in the 1985 paper.",
)
def levy(p: jax.Array) -> jax.Array:
    u, v = 1 + (p - 1) / 4
    first = jnp.sin(jnp.pi * u) ** 2 + (u - 1) ** 2 * (1 + 10 * jnp.sin(jnp.pi * u + 1) ** 2)
    return first + (v - 1) ** 2 * (1 + jnp.sin(2 * jnp.pi * v) ** 2)


@landscape(
    title="Easom",
    chapter="Many minima",
    domain=((-1, 7), (-1, 7)),
    start=(1.9, 4.2),
    minima=((math.pi, math.pi),),
    minimum=-1,
    pins=(((math.pi, math.pi), -1), ((math.pi, 0), 5.172318620381276e-05), ((0, 0), -2.675287991074243e-09)),
    tex=r"-e^{-(x-\pi)^2-(y-\pi)^2} \cos x \cos y",
    source="Easom 1990, A Survey of Global Optimization Techniques, University of Louisville",
    teaches="A well in a plain without slope: three units away the gradient no longer says where the minimum is.",
    notes="Some print it without the first minus sign, as a maximum. The usual square reaches to 100, where the well "
    "is a dot.",
)
def easom(p: jax.Array) -> jax.Array:
    x, y = p
    return -jnp.cos(x) * jnp.cos(y) * jnp.exp(-((x - jnp.pi) ** 2) - (y - jnp.pi) ** 2)


@landscape(
    title="Schwefel",
    chapter="Many minima",
    domain=((-500, 500), (-500, 500)),
    start=(120, -130),
    minima=((420.96874635998205, 420.96874635998205),),
    minimum=-837.9657745448674,
    local_minima=(
        (-302.52493561191176, 420.96874635998205),
        (420.96874635998205, -302.52493561191176),
        (-302.52493561191176, -302.52493561191176),
        (203.81425264889447, 420.96874635998205),
    ),
    pins=(((0, 0), 0), ((math.pi**2 / 4, 0), -(math.pi**2) / 4), ((0, -(math.pi**2) / 4), math.pi**2 / 4)),
    tex=r"-x \sin\sqrt{|x|} - y \sin\sqrt{|y|}",
    source="Schwefel 1981, Numerical Optimization of Computer Models, problem 2.26, ISBN 0-471-09988-0",
    teaches="The second best minimum lies at the far end from the best one: what is downhill here misleads.",
    notes="Many add 418.9829 for each coordinate to bring the minimum near 0, which leaves 0.00005; here nothing is "
    "added, as in the book.",
)
def schwefel(p: jax.Array) -> jax.Array:
    return -jnp.sum(p * jnp.sin(_root(jnp.abs(p))))


@landscape(
    title="Michalewicz",
    chapter="Many minima",
    domain=((0, math.pi), (0, math.pi)),
    start=(2.5, 1.8),
    minima=((2.2029055201726093, math.pi / 2),),
    minimum=-1.8013034100985525,
    local_minima=((2.2029055201726093, 2.7115714838430143),),
    pins=(((0, math.pi / 2), -1), ((math.pi / 2, math.pi / 2), -1.0009765625)),
    tex=r"-\sin x\,\sin^{20}\frac{x^2}{\pi} - \sin y\,\sin^{20}\frac{2y^2}{\pi}",
    source="Michalewicz 1996, Genetic Algorithms + Data Structures = Evolution Programs, doi:10.1007/978-3-662-03315-9",
    teaches="Narrow channels in a level plain: between them the slope is as good as 0 and the ball does not move.",
    notes="Of steepness m = 10. The minimizer (2.20319, 1.57049) that circulates is off: the second is exactly π/2.",
)
def michalewicz(p: jax.Array) -> jax.Array:
    x, y = p
    return -jnp.sin(x) * jnp.sin(x**2 / jnp.pi) ** 20 - jnp.sin(y) * jnp.sin(2 * y**2 / jnp.pi) ** 20


@landscape(
    title="Drop wave",
    chapter="Many minima",
    domain=((-2.5, 2.5), (-2.5, 2.5)),
    start=(1.45, -1.05),
    minima=((0, 0),),
    minimum=-1,
    pins=(
        ((0, 0), -1),
        ((math.pi / 12, 0), 0),
        ((math.pi / 6, 0), -0.9358573485679314),
        ((0, math.pi / 24), -0.4978672945998519),
    ),
    tex=r"-\frac{1 + \cos\left(12\sqrt{x^2+y^2}\right)}{\tfrac12(x^2+y^2) + 2}",
    source="Molga and Smutnicki 2005, Test Functions for Optimization Needs",
    teaches="Rings of equal height around the minimum: the gradient points across the ring, never along it.",
    notes="The usual square is 5.12 to either side; shown is the middle, where the rings can be told apart.",
)
def drop_wave(p: jax.Array) -> jax.Array:
    x, y = p
    squared = x**2 + y**2
    # cos(12 r) is smooth in r² but the root is not: so close to 0, the first terms of the series are exact.
    near = squared < 1e-14
    wave = jnp.cos(12 * jnp.sqrt(jnp.where(near, 1, squared)))
    return -(1 + jnp.where(near, 1 - 72 * squared, wave)) / (squared / 2 + 2)


@landscape(
    title="Gaussian wells",
    chapter="Many minima",
    domain=((-3.5, 3.5), (-3.5, 3.5)),
    start=(0.6, 2.6),
    minima=((1.495973066648116, 0.997314891866679),),
    minimum=-1.5366918547167403,
    local_minima=((-1.4421708410324348, -0.9614497019398572), (1.159778859623636, -1.5723576542619104)),
    saddles=((0.6786767695217772, 0.447834518699191), (0.25237963526828805, -1.3055981838313535)),
    pins=(((0, 0), -0.19714663927169732), ((-1.5, -1), -0.935000158632609)),
    tex=r"\frac{x^2+y^2}{50} - e^{-[(x+1.5)^2+(y+1)^2]/2} - 1.6\,e^{-5[(x-1.5)^2+(y-1)^2]}"
    r" - 0.7\,e^{-2[(x-1.2)^2+(y+1.6)^2]}",
    source="Made for this project",
    teaches="The deepest well is the narrowest: most starts roll into a wide, shallow one and stay there.",
)
def gaussian_wells(p: jax.Array) -> jax.Array:
    x, y = p
    center_x, center_y, rate, depth = jnp.asarray(WELLS, p.dtype)
    wells = depth * jnp.exp(-rate * ((x - center_x) ** 2 + (y - center_y) ** 2))
    return (x**2 + y**2) / 50 - jnp.sum(wells)


@landscape(
    title="A sharp and a flat minimum",
    chapter="Many minima",
    domain=((-2.4, 2.6), (-2.5, 2.5)),
    start=(-2.1, 0.9),
    minima=((-1, 0), (1, 0)),
    minimum=0,
    pins=(((-1, 0), 0), ((1, 0), 0), ((0, 0), 1), ((-1, 0.5), 2.5), ((-1, 1), 5), ((2, 1), 2), ((-0.8, 0), 0.4)),
    tex=r"\min\left\{10\left[(x+1)^2+y^2\right],\; (x-1)^2+y^2\right\}",
    source="Made for this project, for the stability bound in Wu, Ma and E 2018, How SGD Selects the Global Minima",
    teaches="Equally deep, curvatures 20 and 2: above a rate of 2/20 gradient descent cannot stay in the sharp one.",
    notes="The two bowls meet in a crease, a circle around the sharp one.",
    height="log",
)
def sharp_and_flat(p: jax.Array) -> jax.Array:
    x, y = p
    return jnp.minimum(10 * ((x + 1) ** 2 + y**2), (x - 1) ** 2 + y**2)


def _root(value: jax.Array) -> jax.Array:
    """The square root of a value of at least 0, with slope 0 at 0, where it has none."""
    return jnp.where(value > 0, jnp.sqrt(jnp.where(value > 0, value, 1)), 0)
