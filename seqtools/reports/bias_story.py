"""What a report on bias shows, whether of one state of vectors or of two."""

from dataclasses import dataclass

import numpy as np

from seqtools.bias.audit import BiasAudit
from seqtools.bias.audit_plan import AuditPlan
from seqtools.bias.comparison import Audited, Comparison
from seqtools.bias.cost import DebiasingCost
from seqtools.types import Int64Array

_WORDS_A_SIDE = 14


@dataclass(frozen=True)
class BiasStory:
    """A report before it is drawn.

    Attributes
    ----------
    title, caption : str
        What is shown, and how it was obtained.
    plan : AuditPlan
        The words.
    states : tuple of (str, BiasAudit)
        One state, or "before" and "after".
    cost : DebiasingCost or None
        Of debiasing.
    lost : tuple of str
        Words without a vector.
    """

    title: str
    caption: str
    plan: AuditPlan
    states: tuple[tuple[str, BiasAudit], ...]
    cost: DebiasingCost | None
    lost: tuple[str, ...]

    @property
    def ends(self) -> tuple[str, str]:
        """The groups at the right and at the left end of the axis."""
        names = self.plan.direction.group_names
        return names[0], names[1] if len(names) == 2 else "the others"

    def shown_words(self) -> Int64Array:
        """Return the places of the targets that lean most to either end, lowest cosine first."""
        cosines = self.states[0][1].target_cosines[:, 0]
        order = np.argsort(cosines, kind="stable")
        if len(order) <= 2 * _WORDS_A_SIDE:
            return order
        return np.concatenate([order[:_WORDS_A_SIDE], order[-_WORDS_A_SIDE:]])

    def tests(self) -> list[str]:
        """Return the names of the tests with an effect size in every state."""
        return [
            name
            for name in self.states[0][1].weat
            if all(
                (score := audit.weat[name].score) is not None and score.effect_size is not None
                for _, audit in self.states
            )
        ]


def tell_story(result: Audited | Comparison, source: str) -> BiasStory:
    """Return what is shown of an audit, or of a comparison.

    Parameters
    ----------
    result : Audited or Comparison
        What was measured.
    source : str
        Name of the vectors' file.
    """
    plan = result.plan
    settings = result.before.settings
    direction = plan.direction
    share = direction.subspace.explained_variance[: direction.subspace.num_components].sum()
    described = f"{', '.join(direction.group_names)}; {share:.0%} of their variance"
    parts = [
        f"{len(plan.specific):,} words of {source}",
        f"{plan.axis.name} from {len(direction.sets)} definitional sets ({described})",
        f"{len(plan.targets)} target words",
        f"{100 * settings.confidence:g}% bootstrap intervals, seed {settings.seed}",
    ]
    if isinstance(result, Audited):
        title = f"{source}: {plan.axis.name} bias"
        states = (("value", result.before),)
        return BiasStory(title, "; ".join(parts), plan, states, None, plan.lost)
    fitted = result.fitted
    done = [f"{fitted.settings.method} debiasing"]
    if fitted.num_neutralized:
        done.append(f"{fitted.num_neutralized:,} words neutralized")
    if fitted.num_equalized:
        done.append(f"{fitted.num_equalized} sets equalized")
    return BiasStory(
        f"{source}: {plan.axis.name} bias before and after {fitted.settings.method} debiasing",
        "; ".join([*parts[:2], ", ".join(done), *parts[2:]]),
        plan,
        (("before", result.before), ("after", result.after)),
        result.cost,
        result.lost,
    )
