"""Plans and steps as JSON and back: what `--plan` prints and what the journal keeps."""

from collections.abc import Mapping
from typing import Any

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.plan import Answer, Check, Choice, Effect, Gate, Method, PathState, Plan, PlannedPath, Watch
from cmk_admin.domain.steps import Json, Step, StepVerb

JsonObject = dict[str, Json]


def plan_to_json(plan: Plan) -> JsonObject:
    """Everything of a plan, and its hash: what `--plan` prints and what the journal keeps."""
    return {
        "hash": plan.hash,
        "verb": plan.verb,
        "title": plan.title,
        "subject": plan.subject,
        "method": plan.method,
        "steps": [{"n": n, **step_to_json(step)} for n, step in enumerate(plan.steps, 1)],
        "paths": [path_json(one) for one in plan.paths],
        "effects": [
            {
                "consumer_id": one.consumer_id,
                "consumer_name": one.consumer_name,
                "service": one.service,
                "stops": one.stops,
                "within_seconds": one.within_seconds,
                "lost": one.lost,
                "comes_back": one.comes_back,
                "source": one.source,
                "wanted": one.wanted,
                "goes_on": one.goes_on,
                "adds_up": one.adds_up,
            }
            for one in plan.effects
        ],
        "methods": [
            {
                "name": one.name,
                "title": one.title,
                "possible": one.possible,
                "reason": one.reason,
                "recommended": one.recommended,
                "within_seconds": one.within_seconds,
                "others": one.others,
                "survives": one.survives,
                "undone": one.undone,
            }
            for one in plan.methods
        ],
        "cause": plan.cause,
        "why": plan.why,
        "next": list(plan.next),
        "regrants": [path_json(one) for one in plan.regrants],
        "choices": [
            {"id": one.id, "title": one.title, "why": one.why, "chosen": one.chosen, "possible": one.possible}
            for one in plan.choices
        ],
        "checks": [
            {"name": one.name, "answer": one.answer.value, "sentence": one.sentence, "next": one.next, "said": one.said}
            for one in plan.checks
        ],
        "gates": [{"stage": one.stage, "consumer_id": one.consumer_id, "service": one.service} for one in plan.gates],
        "not_restored": list(plan.not_restored),
        "watches": [
            {
                "consumer_id": one.consumer_id,
                "service": one.service,
                "wanted": one.wanted,
                "within_seconds": one.within_seconds,
                "steps": list(one.steps),
            }
            for one in plan.watches
        ],
        "findings": list(plan.findings),
        "documents": [list(pair) for pair in plan.documents],
        "warnings": list(plan.warnings),
        "problems": list(plan.problems),
        "left": list(plan.left),
        "answers": plan.answers,
        "context": [list(pair) for pair in plan.context],
    }


def path_json(path: PlannedPath) -> JsonObject:
    return {
        "via": path.via,
        "scope": path.scope,
        "principal": path.principal,
        "principal_name": path.principal_name,
        "state": path.state.value,
        "also_cuts": list(path.also_cuts),
        "reason": path.reason,
        "step": path.step,
        "kind": path.kind,
        "condition": path.condition,
    }


def path_from_json(data: Any) -> PlannedPath:
    """Raises BadInput ``bad-plan``."""
    try:
        return PlannedPath(
            via=_string(data["via"]),
            scope=_string(data["scope"]),
            principal=_string(data["principal"]),
            principal_name=_optional(data["principal_name"]),
            state=PathState(data["state"]),
            also_cuts=_strings(data["also_cuts"]),
            reason=_optional(data["reason"]),
            step=_integer(data["step"]),
            kind=_string(data.get("kind", "use")),
            condition=_optional(data.get("condition")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _bad("path", error) from error


def step_to_json(step: Step) -> JsonObject:
    return {
        "verb": step.verb.value,
        "target": step.target,
        "words": step.words,
        "undo": step.undo_words,
        "before": _facts(step.before),
        "after": _facts(step.after),
        "effect_seconds": step.effect_seconds,
        "effect_source": step.effect_source,
        "request": step.request,
        "stage": step.stage,
    }


def step_from_json(data: Any) -> Step:
    """Raises BadInput ``bad-plan``."""
    try:
        return Step(
            verb=StepVerb(data["verb"]),
            target=_string(data["target"]),
            words=_string(data["words"]),
            undo_words=_optional(data["undo"]),
            before=_mapping(data["before"]),
            after=_mapping(data["after"]),
            effect_seconds=_integer(data["effect_seconds"]),
            effect_source=_optional(data["effect_source"]),
            request=_string(data["request"]),
            stage=_integer(data["stage"]) or 0,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _bad("step", error) from error


def plan_from_json(data: Any) -> Plan:
    """The plan again. Raises BadInput ``bad-plan`` for what `plan_to_json` did not write, or what was changed since."""
    try:
        plan = Plan(
            verb=_string(data["verb"]),
            title=_string(data["title"]),
            subject=_string(data["subject"]),
            steps=tuple(step_from_json(one) for one in data["steps"]),
            paths=tuple(path_from_json(one) for one in data["paths"]),
            effects=tuple(
                Effect(
                    consumer_id=_string(one["consumer_id"]),
                    consumer_name=_string(one["consumer_name"]),
                    service=_string(one["service"]),
                    stops=_string(one["stops"]),
                    within_seconds=_integer(one["within_seconds"]),
                    lost=_string(one["lost"]),
                    comes_back=_string(one["comes_back"]),
                    source=_optional(one["source"]),
                    wanted=bool(one["wanted"]),
                    goes_on=bool(one.get("goes_on")),
                    adds_up=_optional(one.get("adds_up")) or "",
                )
                for one in data["effects"]
            ),
            methods=tuple(
                Method(
                    name=_string(one["name"]),
                    title=_string(one["title"]),
                    possible=bool(one["possible"]),
                    reason=_optional(one["reason"]),
                    recommended=bool(one["recommended"]),
                    within_seconds=_integer(one.get("within_seconds")),
                    others=_string(one.get("others", "")),
                    survives=_string(one.get("survives", "")),
                    undone=_string(one.get("undone", "")),
                )
                for one in data["methods"]
            ),
            cause=_optional(data.get("cause")),
            why=_string(data.get("why", "")),
            next=_strings(data.get("next", [])),
            regrants=tuple(path_from_json(one) for one in data.get("regrants", [])),
            choices=tuple(
                Choice(
                    id=_string(one["id"]),
                    title=_string(one["title"]),
                    why=_string(one["why"]),
                    chosen=bool(one["chosen"]),
                    possible=bool(one["possible"]),
                )
                for one in data.get("choices", [])
            ),
            checks=tuple(
                Check(
                    name=_string(one["name"]),
                    answer=Answer(one["answer"]),
                    sentence=_string(one["sentence"]),
                    next=_string(one["next"]),
                    said=one.get("said", ""),
                )
                for one in data.get("checks", [])
            ),
            gates=tuple(
                Gate(
                    stage=_integer(one["stage"]) or 0,
                    consumer_id=_string(one["consumer_id"]),
                    service=_string(one["service"]),
                )
                for one in data.get("gates", [])
            ),
            not_restored=_strings(data.get("not_restored", [])),
            method=_optional(data["method"]),
            watches=tuple(
                Watch(
                    consumer_id=_string(one["consumer_id"]),
                    service=_string(one["service"]),
                    wanted=_string(one["wanted"]),
                    within_seconds=_integer(one["within_seconds"]),
                    steps=_numbers(one.get("steps", [])),
                )
                for one in data["watches"]
            ),
            findings=_strings(data.get("findings", [])),
            documents=tuple((_string(name), _string(text)) for name, text in data.get("documents", [])),
            warnings=_strings(data["warnings"]),
            problems=_strings(data["problems"]),
            left=_strings(data.get("left", [])),
            answers=_optional(data["answers"]),
            context=tuple((_string(name), _string(value)) for name, value in data["context"]),
        )
        same = plan.is_hashed(_string(data["hash"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _bad("plan", error) from error
    if not same:
        raise BadInput("bad-plan", "The plan's steps do not match its hash: it was changed after it was written.")
    return plan


def _facts(found: Mapping[str, Json] | None) -> Json:
    return None if found is None else dict(found)


def _bad(what: str, error: Exception) -> BadInput:
    return BadInput("bad-plan", f"This is not a {what} that CMK Admin wrote ({type(error).__name__}: {error}).")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {value!r:.40}")
    return value


def _optional(value: Any) -> str | None:
    return None if value is None else _string(value)


def _integer(value: Any) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise TypeError(f"a number was expected, not {value!r:.40}")


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"a list was expected, not {value!r:.40}")
    return tuple(_string(one) for one in value)


def _numbers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise TypeError(f"a list was expected, not {value!r:.40}")
    return tuple(number for one in value if (number := _integer(one)) is not None)


def _mapping(value: Any) -> dict[str, Json] | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise TypeError(f"an object was expected, not {value!r:.40}")
    return dict(value)
