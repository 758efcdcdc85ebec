"""What a commit says that changes which model is served, for people and, in its trailers, for programs.

It must not decide anything.
"""

from collections.abc import Sequence

from churn_delivery.model_file import ServedModel


def promotion_message(environment: str, model: ServedModel, former: ServedModel | None, remark: str) -> str:
    """`Promote <model> to <environment>`, with everything that the decision went by."""
    instead = f"It replaces {former.title}." if former else "It is the first model there."
    return _message(f"Promote {model.title} to {environment}", [instead, remark], model)


def rollback_message(environment: str, model: ServedModel, left: ServedModel) -> str:
    """`Roll <environment> back to <model>`."""
    why = f"{left.title} is taken back ({left.digest or left.uri}); another rollback goes further back, not to it."
    return _message(f"Roll {environment} back to {model.title}", [why], model)


def _message(subject: str, sentences: list[str], model: ServedModel) -> str:
    figures = ", ".join(f"{name} {value:g}" for name, value in sorted(model.metrics.items()))
    body = [*sentences, *([f"Figures: {figures}."] if figures else [])]
    return message_of(subject, body, model, named="Churn-Model")


def message_of(subject: str, paragraphs: Sequence[str], model: ServedModel, *, named: str) -> str:
    """A subject, paragraphs, and trailers that say of which model they speak, its name and version under `named`."""
    trailers = {
        named: f"{model.name} {model.version}".strip(),
        "Churn-Run": model.run,
        "Churn-Uri": model.uri,
        "Churn-Digest": model.digest,
    }
    told = [f"{name}: {value}" for name, value in trailers.items() if value]
    return "\n\n".join([subject, *paragraphs, "\n".join(told)]) + "\n"
