"""The tables that `seqtools bias` and `seqtools debias` print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seqtools.bias.audit import BiasAudit, WeatResult
    from seqtools.bias.audit_plan import AuditPlan
    from seqtools.bias.builtin_sets import SetDescription
    from seqtools.bias.comparison import Audited, Comparison
    from seqtools.bias.cost import ScoreChange
    from seqtools.bias.measure import Measure
    from seqtools_cli.console import Console

_SHOWN_LOST = 8


def print_sets(console: Console, sets: Sequence[SetDescription]) -> None:
    """Print the built-in sets."""
    columns = ["name", "kind", "language", "words", "content", "source"]
    rows = [
        [
            item.name,
            item.kind,
            item.language,
            str(sum(map(len, item.words.values()))),
            item.title,
            item.source,
        ]
        for item in sets
    ]
    console.table(columns, rows)


def print_audit(console: Console, audited: Audited) -> None:
    """Print all measures of one state."""
    _print_direction(audited.plan)
    _print_measures(console, [("value", audited.before)])
    _print_tests(console, [("", audited.before)])
    _print_indirect(console, [("share that is bias", audited.before)])
    for name, words in audited.before.most_biased.items():
        console.table([f"most biased to {name}", "leaning"], [[w, f"{x:.4f}"] for w, x in words])
    _print_notes(console, audited.plan, audited.plan.lost, [audited.before])


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print all measures before and after, and the cost."""
    states = [("before", comparison.before), ("after", comparison.after)]
    _print_direction(comparison.plan)
    click.echo(_method_line(comparison))
    _print_measures(console, states)
    _print_tests(console, states)
    _print_indirect(console, states)
    _print_cost(console, comparison)
    _print_notes(console, comparison.plan, comparison.lost, [state for _, state in states])


def print_words(console: Console, plan: dict[str, Any]) -> None:
    """Print the cosines of words with the directions."""
    width = max((len(cosines) for cosines in plan["words"].values()), default=1)
    titles = ["cosine"] if width == 1 else [f"cosine {i + 1}" for i in range(width)]
    rows = [
        [word, *(f"{cosine:.6f}" for cosine in cosines)] for word, cosines in plan["words"].items()
    ]
    console.table(["word", *titles], rows)


def _print_direction(plan: AuditPlan) -> None:
    """Say what the direction comes from."""
    direction = plan.direction
    shares = direction.subspace.explained_variance[: direction.subspace.num_components]
    explained = ", ".join(f"{share:.1%}" for share in shares)
    pairs = "set" if len(direction.sets) == 1 else "sets"
    components = direction.subspace.num_components
    click.echo(
        f"{plan.axis.name}: {len(direction.sets)} definitional {pairs}, {components} "
        f"component{'s' if components > 1 else ''} with {explained} of the variance; "
        f"groups: {', '.join(direction.group_names)}; {len(plan.targets)} target words"
    )


def _method_line(comparison: Comparison) -> str:
    """Say what was done."""
    fitted = comparison.fitted
    parts = [f"{fitted.settings.method} debiasing"]
    if fitted.num_neutralized:
        parts.append(f"{fitted.num_neutralized:,} words neutralized, {fitted.num_kept:,} kept")
    if fitted.num_equalized:
        parts.append(f"{fitted.num_equalized} sets equalized")
    if fitted.learned is not None:
        learned = fitted.learned
        parts.append(
            f"{len(learned.rows)} specific words learned from {learned.num_seeds} "
            f"(F1 {learned.f1:.3f} +- {learned.f1_deviation:.3f} in cross-validation)"
        )
    details = fitted.details
    if "component" in details:
        parts.append(f"principal component {details['component']} dropped")
    if "directions_removed" in details:
        parts.append(f"{details['directions_removed']} directions removed")
    return "; ".join(parts)


def _print_measures(console: Console, states: Sequence[tuple[str, BiasAudit]]) -> None:
    """Print a row a measure."""
    from seqtools.bias.measure import TITLES

    interval = f"{100 * states[0][1].settings.confidence:g}% interval"
    columns = ["measure"]
    for title, _ in states:
        columns += [title, interval if len(states) == 1 else f"{title}, {interval}"]
    rows = []
    for name, (title, ideal) in TITLES.items():
        cells = [f"{title} (ideal {ideal})"]
        for _, state in states:
            cells += _measure_cells(state.measures[name])
        rows.append(cells)
    console.table(columns, rows)


def _measure_cells(measure: Measure) -> list[str]:
    """Write a measure and its interval."""
    if measure.value is None:
        return ["n/a", "n/a"]
    return [_number(measure.value), _interval(measure.interval)]


def _print_tests(console: Console, states: Sequence[tuple[str, BiasAudit]]) -> None:
    """Print a row an association test."""
    columns = ["test"]
    for title, _ in states:
        prefix = f"{title}: " if title else ""
        columns += [f"{prefix}effect size", f"{prefix}interval", f"{prefix}p"]
    columns.append("words lost")
    rows = []
    for name, first in states[0][1].weat.items():
        cells = [name]
        for _, state in states:
            cells += _test_cells(state.weat[name])
        rows.append([*cells, str(len(first.lost))])
    if rows:
        console.table(columns, rows)


def _test_cells(result: WeatResult) -> list[str]:
    """Write an effect size, its interval and its p-value."""
    score = result.score
    if score is None or score.effect_size is None:
        return ["n/a", "n/a", "n/a"]
    if score.exact and score.p_value == 0:
        p_value = f"<{1 / score.partitions:.2g}"
    else:
        p_value = f"{score.p_value:.4g}"
    return [f"{score.effect_size:.4f}", _interval(score.interval), p_value]


def _print_indirect(console: Console, states: Sequence[tuple[str, BiasAudit]]) -> None:
    """Print a row a pair of words."""
    pairs = states[0][1].indirect
    rows = [
        [
            f"{pair.first} and {pair.second}",
            *(
                "n/a" if (beta := state.indirect[i].beta) is None else _number(beta)
                for _, state in states
            ),
        ]
        for i, pair in enumerate(pairs)
    ]
    if rows:
        console.table(["indirect bias", *(title for title, _ in states)], rows)


def _print_cost(console: Console, comparison: Comparison) -> None:
    """Print a row a similarity or analogy set."""
    cost = comparison.cost
    changes = [*cost.similarity.items(), *cost.analogies.items()]
    if not changes:
        return
    interval = f"{100 * cost.settings.confidence:g}% interval of the change"
    columns = ["quality", "before", "after", "change", interval, "p", "covered", "items"]
    console.table(columns, [_cost_row(name, change) for name, change in changes])
    click.echo(f"policy: {cost.settings.policy}")


def _cost_row(name: str, change: ScoreChange) -> list[str]:
    """Write a change of a score."""
    counts = [str(change.covered), str(change.total)]
    if change.before is None or change.after is None or change.difference is None:
        return [name, *["n/a"] * 5, *counts]
    scores = [_number(change.before), _number(change.after), f"{change.difference:+.4f}"]
    p_value = "n/a" if change.p_value is None else f"{change.p_value:.3g}"
    return [name, *scores, _interval(change.interval), p_value, *counts]


def _print_notes(
    console: Console, plan: AuditPlan, lost: Sequence[str], states: Sequence[BiasAudit]
) -> None:
    """Say which words are lost, and what that left undone."""
    if lost:
        shown = lost if console.verbose else lost[:_SHOWN_LOST]
        more = "" if len(shown) == len(lost) else f" and {len(lost) - len(shown)} more (-v: all)"
        console.note(f"{len(lost)} words have no vector: {', '.join(shown)}{more}")
    for name, result in states[0].weat.items():
        if result.score is None:
            console.note(f"{name}: too few of its words have a vector")
    if not len(plan.targets):
        console.note("no target word has a vector; measures over targets are left out")


def _number(value: float) -> str:
    """Write a number, rounding errors about 0 as 0."""
    return f"{value if abs(value) >= 5e-7 else 0.0:.4f}"


def _interval(interval: tuple[float, float] | None) -> str:
    """Write an interval."""
    if interval is None:
        return "n/a"
    return f"{_number(interval[0])} to {_number(interval[1])}"
