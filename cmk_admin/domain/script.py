"""A plan as a commented az script: what somebody else can run, with the same end state, where this program cannot be.

Pure text. Every value is quoted for the shell, and whatever stands in a comment is kept on its line.
"""

import itertools
from collections.abc import Iterable

from cmk_admin.domain.plan import Plan
from cmk_admin.domain.script_commands import command, plain, quoted
from cmk_admin.domain.script_functions import FUNCTIONS
from cmk_admin.domain.steps import Step
from cmk_admin.domain.words import count, duration

_FRAME = """set -u
export AZURE_CORE_ONLY_SHOW_ERRORS=true
failed=0

step() { # NUMBER WORDS COMMAND...: one change; what fails does not hold the others up
    printf 'Step %s: %s\\n' "$1" "$2"
    shift 2
    "$@" >/dev/null && return
    failed=$((failed + 1))
    printf '        it was not done; the other steps go on\\n' >&2
}
"""

_CONFIRM = """if [ "${1:-}" != "--yes" ]; then
    printf 'Type yes to go on: '
    read -r answer
    [ "$answer" = "yes" ] || { echo 'Nothing was done.' >&2; exit 1; }
fi
"""

_END = """if [ "$failed" -gt 0 ]; then
    printf '%s of {steps} failed. Run the script again: what is done already is not done twice.\\n' "$failed" >&2
    exit 1
fi
echo 'Every step was accepted.'
"""


_CLOUDS = {"public": "AzureCloud", "usgov": "AzureUSGovernment", "china": "AzureChinaCloud"}
"""What az calls each cloud."""


def script(plan: Plan, *, title: str = "", cloud: str = "", tenant: str = "") -> str:
    """The plan's steps in their order, for bash and az 2.60 or newer, signed in already (``az login``).

    It asks before it begins, unless it is run with ``--yes``; it checks the tenant where `tenant` names one. Steps that
    fail are counted and named, and do not hold the others up; its status is 1 then. Where a step has no counterpart in
    az, the script says so and counts it as failed: nothing is left out silently.

    `title`: what stands on top, instead of the plan's own. `cloud`: as `model.Account` names it (``public``).
    """
    steps = list(enumerate(plan.steps, 1))
    written = [command(step) for step in plan.steps]
    used = dict.fromkeys(itertools.chain.from_iterable(one.needs for one in written))
    parts = ["#!/usr/bin/env bash", *_comment(_head(plan, title or plan.title)), "", _FRAME]
    parts += [FUNCTIONS[name] for name in used]
    parts += [_where(_CLOUDS.get(cloud, cloud), tenant), _question(plan, title or plan.title), _CONFIRM]
    for stage, several in itertools.groupby(sorted(steps, key=lambda pair: pair[1].stage), lambda pair: pair[1].stage):
        parts += _gate(plan, stage)
        for n, step in several:
            parts.append(_step(n, step, written[n - 1].words))
    return (
        "\n".join(part for part in parts if part is not None)
        + "\n"
        + _END.replace("{steps}", count(len(steps), "step"))
    )


def _head(plan: Plan, title: str) -> Iterable[str]:
    yield plain(title)
    yield ""
    yield f"{count(len(plan.steps), 'step')}, plan {plan.hash[:12]}. Needs bash and az, signed in (az login) with the rights"
    yield "that the steps name. Nothing secret stands in this file."
    for sentence in (plan.why, *plan.warnings, *plan.not_restored, *plan.left):
        if sentence:
            yield ""
            yield plain(sentence)


def _where(cloud: str, tenant: str) -> str:
    """Nothing is done in another cloud or tenant than the plan was made for."""
    lines = []
    for what, query, wanted in (
        ("cloud", "az cloud show --query name --output tsv", cloud),
        ("tenant", "az account show --query tenantId --output tsv", tenant),
    ):
        if wanted:
            lines.append(f'[ "$({query})" = {quoted(wanted)} ] || {{')
            lines.append(f"    echo {quoted(f'az is not signed in to {what} {plain(wanted)}. Nothing was done.')} >&2")
            lines += ["    exit 2", "}"]
    return "\n".join(lines) + ("\n" if lines else "")


def _question(plan: Plan, title: str) -> str:
    sentence = f"{plain(title)}: {count(len(plan.steps), 'step')}."
    return f"printf '%s\\n' {quoted(sentence)}"


def _gate(plan: Plan, stage: int) -> list[str]:
    """Where the plan waits for a service, a person looks and says so."""
    said = []
    for gate in plan.gates:
        if gate.stage == stage:
            name = plain(gate.consumer_id.rsplit("/", 1)[-1])
            said += _comment([f"The steps below wait until {name} was seen to have lost its data."])
            said.append(f"printf '%s' {quoted(f'Press Enter when {name} has lost its data. ')}")
            said.append('[ "${1:-}" = "--yes" ] || read -r _')
    return said


def _step(n: int, step: Step, words: tuple[str, ...]) -> str:
    lines = [f"{n}. {plain(step.words)}."]
    if step.undo_words:
        lines.append(f"   Undo: {plain(step.undo_words)}.")
    if step.effect_seconds:
        source = f" ({plain(step.effect_source)})" if step.effect_source else ""
        lines.append(f"   Counts everywhere within {duration(step.effect_seconds)}{source}.")
    call = " ".join(quoted(word) for word in ("step", str(n), plain(step.words), *words))
    return "\n".join([*_comment(lines), call, ""])


def _comment(lines: Iterable[str]) -> list[str]:
    return [f"# {line}".rstrip() for line in lines]
