"""The lessons: their numbers, their links, and their registry."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from engine import descend
from landscapes import LANDSCAPES
from tests.lesson_oracles import ORACLES, edge, noisy_escapes
from tests.test_explore import MAIN, checked, press
from tests.test_explore import shown as shown_on
from tests.test_scenario import HOSTILE
from ui import comparison, scenario
from ui.comparison import Comparison
from ui.lessons import LESSONS, LETTERS, Choice, lesson
from ui.lessons.panel import shown
from ui.lessons.progress import Progress, answered, at, from_query, neighbour, to_query, unanswered
from ui.look import Look

PAGE = "app_pages/lessons.py"

CLOSED = 1e-9

TOLERANCES = {
    "limit": 1e-6,  # a thousand hops on the edge of stability multiply the rounding of the first
    "edge": 1e-5,  # likewise; and as many digits as are claimed
    "cliff": 1e-6,  # slopes in the hundreds do
    "trap": 1e-7,  # as many digits as are claimed of where gradient descent is
    "floor": 0.05,  # random; the standard error is 1.4 %
    "rare": 0.05,  # random; the places differ by 1 % from seed to seed
    "half": 100 * 2**-11,  # a hundred times the rounding of float16
}


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[str, float]]:
    return {key: entry.measured() for key, entry in LESSONS.items()}


@pytest.mark.parametrize("key", LESSONS)
def test_claims_of_a_lesson_are_what_its_runs_measure(key, measured):
    assert measured[key] == pytest.approx(dict(LESSONS[key].claims), rel=TOLERANCES.get(key, CLOSED))


@pytest.mark.parametrize("key", LESSONS)
def test_claims_of_a_lesson_are_those_of_its_source(key):
    claims, expected = LESSONS[key].claims, ORACLES[key]()
    assert claims.keys() - expected.keys() <= {"noisy"}  # which has a test of its own
    assert {name: claims[name] for name in expected} == pytest.approx(expected, rel=TOLERANCES.get(key, CLOSED))


def test_noisy_ball_leaves_the_ridge_as_soon_as_balls_with_other_noise_do():
    low, high = np.quantile(noisy_escapes(), [0.01, 0.99])
    assert low < LESSONS["saddle"].claims["noisy"] < high < 2 * low


def test_sharpness_ends_in_the_interval_of_the_theorem():
    """Zhu et al. 2023, theorem 1.1: within (2/η - 20η/3, 2/η) for the four factors of ½(1 - xyzw)².

    With z = x and w = y their learning rate is 2η of ours and their sharpness half of ours.
    """
    rate, final = 0.1, LESSONS["edge"].claims["final"]
    assert 2 / (2 * rate) - 20 * (2 * rate) / 3 < final / 2 < 2 / (2 * rate)
    for start in ((2.4, 0.42), (2.5, 0.4), (2.35, 0.4)):  # as is told of starts nearby
        assert edge(start)["final"] == pytest.approx(final, rel=1e-5)


def test_words_of_the_lessons_hold():
    """What is told without a number."""
    runs = {key: shown(answered(at(Progress(), key), 0)) for key in ("rates", "valley", "limit", "saddle", "floor")}
    creeping, landing, hopping, _, _ = runs["rates"]
    assert landing.points[1, 0] == 0 < creeping.points[20, 0]
    assert hopping.points[1, 0] < 0 and abs(hopping.points[-1, 0]) < 1e-9
    assert runs["valley"][2].status == "diverged" or np.abs(runs["valley"][2].points[-1]).max() > 1e9
    below, above, _ = runs["limit"]
    assert below.losses[-1] < below.losses[0] and above.losses[-1] > 100 * above.losses[0]
    assert (runs["saddle"][3].points[:, 1] == 0).all()
    steady, dropped = (np.mean(np.sum(run.points[-100:] ** 2, axis=1)) for run in runs["floor"])
    assert dropped < steady / 4


def test_replies_tell_what_would_have_to_be_true():
    """Two replies have numbers of their own: of a momentum of a third, and of Nesterov's ball after 50 steps."""

    def kept(rate: float, momentum: float) -> float:
        """The share of the distance that a step keeps in the end, for curvatures 1 and 100."""
        return max(abs(np.roots([1, -(1 + momentum - rate * bend), momentum])).max() for bend in (1, 100))

    best = min(kept(rate, 1 / 3) for rate in np.linspace(0.02, 0.03, 101))
    assert -6 * np.log(10) / np.log(best) == pytest.approx(350, rel=0.1)
    loss = 0.5 * ((1 + 50 / 11) * 0.9**50) ** 2
    assert 400 / 101**2 / loss == pytest.approx(100, rel=0.1)


# ---- the stage


@pytest.mark.parametrize("key", LESSONS)
def test_stage_shows_no_step_before_the_answer_and_the_lesson_after_it(key):
    before = at(Progress(), key)
    for still, run in zip(shown(before), shown(answered(before, 0)), strict=True):
        assert (still.steps, still.length, run.start) == (0, 0, still.start)
        assert run.length > 0
        assert tuple(run.points[0]) == pytest.approx(run.start)


# ---- links


@pytest.mark.parametrize("key", LESSONS)
def test_every_state_of_a_lesson_goes_to_a_link_and_back(key):
    entry = LESSONS[key]
    for scene in entry.scenes:
        for _, state in scene.runs:
            assert scenario.from_query(scenario.to_query(state)) == (state, ())
    state = entry.further.state
    there: Any = comparison if isinstance(state, Comparison) else scenario
    assert there.from_query(there.to_query(state)) == (state, ())


def test_progress_goes_to_the_address_and_back():
    done: tuple[str, ...] = ()
    for key, entry in LESSONS.items():
        done = (*done, key)
        for scene in range(len(entry.scenes)):
            for answer in (None, *range(len(entry.choices))):
                progress = Progress(key, answer, scene, done)
                assert from_query(to_query(progress)) == (progress, ())
    assert to_query(Progress()) == {}
    assert len("&".join(f"{name}={value}" for name, value in to_query(Progress("half", 0, 0, done)).items())) < 160


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["lesson", "answer", "scene", "done", "else"])
def test_progress_survives_a_hostile_address_and_names_what_it_ignores(name, text):
    progress, ignored = from_query({name: text})
    assert progress == Progress()
    assert len(ignored) == (name != "done" or any(text.split(".")))
    assert all(name in sentence and len(sentence) < 400 for sentence in ignored)


def test_progress_keeps_what_is_right_beside_what_is_not():
    asked = {"lesson": "trap", "answer": "z", "scene": "2", "done": "half.nonsense.rates.half", "x": ["1", "2"]}
    progress, ignored = from_query(asked)
    assert progress == Progress("trap", None, 0, ("rates", "half"))
    assert len(ignored) == 4 and any("'nonsense'" in sentence for sentence in ignored)


def test_answer_makes_a_lesson_done_for_good():
    first, *_, last = LESSONS
    progress = answered(Progress(), 1)
    assert progress == from_query({"answer": LETTERS[1]})[0] == Progress(first, 1, 0, (first,))
    assert unanswered(progress) == at(progress, first) == Progress(first, done=(first,))
    assert (neighbour(progress, -1), neighbour(at(progress, last), 1)) == (last, first)


# ---- the registry

FACTS: dict[str, Any] = {
    name: getattr(LESSONS["weight"], name)
    for name in ("title", "theme", "question", "choices", "scenes", "happened", "why", "tex", "source", "further")
} | {"claims": {"reached": 1.0}}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"title": ""}, "lacks title"),
        ({"tex": "", "claims": {}}, "lacks tex, claims"),
        ({"theme": "Magic"}, "theme 'Magic' is not one of"),
        ({"choices": (Choice("one"),)}, "has 1 choices; 2 to 4 are allowed"),
        ({"choices": (Choice("one"), Choice("two"))}, "just one choice, the right one"),
        ({"choices": (Choice("one", "no"), Choice("two", "no"))}, "just one choice, the right one"),
        ({"scenes": (LESSONS["turned"].scenes[0].__class__("two surfaces", tuple(
            scene.runs[0] for scene in LESSONS["turned"].scenes)),)}, "are not on one surface"),
    ],
)  # fmt: skip
def test_lesson_refuses_facts_that_are_missing_or_contradict(changes, complaint):
    before = dict(LESSONS)

    def only_a_test(scene):
        return {"reached": 1.0}

    with pytest.raises(ValueError, match=complaint):
        lesson(**(FACTS | changes))(only_a_test)
    assert dict(LESSONS) == before


def test_lesson_refuses_a_key_that_is_taken():
    def weight(scene):
        return {"reached": 1.0}

    with pytest.raises(ValueError, match="there are two lessons called 'weight'"):
        lesson(**FACTS)(weight)


def test_lessons_are_all_different_and_tell_their_numbers():
    for fact in ("title", "question", "tex", "why"):
        assert len({getattr(entry, fact) for entry in LESSONS.values()}) == len(LESSONS) == 18
    for entry in LESSONS.values():
        assert "{" not in entry.told()
        assert all(f"{{{name}" in entry.happened for name in entry.claims)
        assert entry.look in (Look(None), Look(None, sharpness=True))


# ---- the page


def opened(query: dict[str, str] | None = None) -> AppTest:
    page = AppTest.from_file(MAIN, default_timeout=60).switch_page(PAGE)
    page.query_params.update(query or {})
    return checked(page.run())


def choices_of(page: AppTest, key: str) -> list[str]:
    return [button.label for button in page.button if str(button.key).startswith(f"lesson_{key}_")]


def test_page_walks_from_a_wrong_answer_to_the_right_one_and_on_to_the_next_lesson():
    page = opened()
    for number, (key, entry) in enumerate(LESSONS.items(), 1):
        assert f"## {entry.title}\n\n{entry.question}" in shown_on(page)
        assert choices_of(page, key) == [choice.text for choice in entry.choices]
        assert entry.told() not in shown_on(page)
        for place, choice in enumerate(entry.choices):
            if choice.reply:
                press(page, f"lesson_{key}_{LETTERS[place]}")
                assert f"**Not quite.** {choice.reply}" in shown_on(page)
                assert f"{choice.text} — your answer" in shown_on(page)
                assert entry.told() in shown_on(page) and entry.further.text in shown_on(page)
                assert not choices_of(page, key)
                press(page, "lesson_again")
        press(page, f"lesson_{key}_{LETTERS[entry.answer]}")
        assert "**Just so.**" in shown_on(page) and f"**{entry.choices[entry.answer].text}** — your answer" in shown_on(
            page
        )
        assert page.session_state["lessons"].done == tuple(LESSONS)[:number]
        press(page, "lesson_next")
    assert page.session_state["lessons"] == Progress(done=tuple(LESSONS))  # from the last one back to the first


def test_page_opens_where_the_address_says_and_names_what_it_ignores():
    page = opened({"lesson": "turned", "answer": "a", "scene": "2", "done": "rates", "speed": "9"})
    assert page.session_state["lessons"] == Progress("turned", 0, 1, ("rates", "turned"))
    assert "'speed' means nothing on this page" in "\n".join(text.value for text in page.text)
    page.segmented_control(key="lesson_scene_turned").set_value(0)
    checked(page.run())
    assert dict(page.query_params) == {"lesson": "turned", "answer": "a", "done": "rates.turned"}


def test_list_of_lessons_tells_those_that_are_done_and_opens_any():
    page = opened({"lesson": "trap", "done": "rates.trap"})
    page.session_state["lesson_list"] = True
    checked(page.run())
    labels = [button.label for button in page.button if str(button.key).startswith("lesson_to_")]
    assert len(labels) == len(LESSONS)
    assert [label for label in labels if label.endswith(" (done)")] == [
        "Five learning rates (done)",
        "**Momentum in another bowl** (done)",
    ]
    press(page, "lesson_to_half")
    assert page.session_state["lessons"] == Progress("half", done=("rates", "trap"))
    press(page, "lesson_chevron_left")
    assert page.session_state["lessons"].lesson == "decay"
    page.session_state["lesson_list"] = True
    checked(page.run())
    press(page, "lesson_forget")
    assert page.session_state["lessons"] == Progress("decay")
    page.session_state["lesson_list"] = True
    checked(page.run())
    assert "lesson_forget" not in {button.key for button in page.button}  # there is nothing to forget


# ---- the surface of the rare example


def test_batch_of_the_rare_example_is_the_one_and_of_any_other_is_not():
    """Each example's loss by hand: its slope, a wall beyond 1, and the bowl in y."""
    entry = LANDSCAPES["rare_examples"]
    assert entry.batch_loss is not None
    for place, slope in ((0, 30), (1, -1), (20, -1)):
        for x, y, walls in ((0.5, 0.2, 0.0), (1.4, 0.2, 5 * 0.4**2), (-1.2, -1.0, 5 * 0.2**2)):
            loss = float(entry.batch_loss(jnp.array([x, y]), np.eye(21)[place]))
            assert loss == pytest.approx(slope * x + walls + y * y / 2, rel=1e-12)
    run = descend(entry, "gradient_descent", steps=42, learning_rate=1e-3, batch_size=1, seed=3)
    steps = np.diff(run.points[:, 0])
    assert (steps[:21] < -0.02).sum() == (steps[21:] < -0.02).sum() == 1  # once in each pass
