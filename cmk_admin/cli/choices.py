"""What is typed after --also: a choice of the plan by its id, or by its kind and a name."""

from collections.abc import Mapping, Sequence

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.plan import Choice


def typed(choices: Sequence[Choice]) -> Mapping[str, str]:
    """Each choice's id, and the shortest that may be typed for it: ``stop:dcc-mysql``."""
    short = {one.id: _short(one) for one in choices}
    names = [fold(name) for name in short.values()]
    return {whole: name if names.count(fold(name)) == 1 else whole for whole, name in short.items()}


def chosen(choices: Sequence[Choice], texts: Sequence[str]) -> tuple[str, ...]:
    """The ids of what was typed. Raises BadInput ``unknown-choice``, ``ambiguous-choice``, with what there is."""
    return tuple(dict.fromkeys(_chosen(choices, text) for text in texts))


def _chosen(choices: Sequence[Choice], text: str) -> str:
    wanted = fold(text.strip())
    kind, _, name = wanted.partition(":")
    same = [one for one in choices if fold(one.id).partition(":")[0] == kind]
    exact = [one for one in same if fold(one.id) == wanted]
    named = [one for one in same if fold(_short(one)) == wanted]
    told = [one for one in same if name and name in map(fold, one.title.replace(",", " ").split())]
    found = exact or named or told
    if len(found) == 1:
        return found[0].id
    offered = tuple(typed(choices)[one.id] for one in found or same or choices)
    if found:
        raise BadInput(
            "ambiguous-choice",
            f"“{text}” stands for {len(found)} of the plan's choices. Nothing was sent.",
            subject=text,
            next="Name it as the plan prints it.",
            candidates=offered,
        )
    raise BadInput(
        "unknown-choice",
        f"“{text}” is not among the choices of this plan. Nothing was sent.",
        subject=text,
        next="The plan shows what it offers besides." if choices else "This plan offers nothing besides.",
        candidates=offered,
    )


def _short(choice: Choice) -> str:
    kind, colon, target = choice.id.partition(":")
    return f"{kind}{colon}{last(target)}" if colon else choice.id
