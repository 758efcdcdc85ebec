"""Names of segments and actions as the model has them, and of the time that a probability is about."""

from dataclasses import dataclass

from churn_marketing.services import services
from churn_marketing.text.horizon import horizon
from churn_model.rules import ActionRule

NO_ACTION = "none"


@dataclass(frozen=True)
class Wording:
    """Names by id; what the model does not know keeps its id."""

    segments: dict[int, str]
    actions: dict[str, ActionRule]
    within: str

    def segment(self, number: int) -> str:
        """A segment's name; 0 is of those who have none."""
        return self.segments.get(number, f"Segment {number}" if number else "No segment")

    def action(self, code: str) -> str:
        """An action's name."""
        if code == NO_ACTION:
            return "No action"
        rule = self.actions.get(code)
        return rule.name if rule else code

    def source(self, code: str) -> str:
        """Whether an action's effect is measured or assumed; empty of no action."""
        rule = self.actions.get(code)
        return rule.source if rule else ""


def wording() -> Wording:
    """That of the model that is shown now."""
    package, within = services().model.package, horizon(services().usecase)
    if package is None:
        return Wording({}, {}, within)
    profiles = package.description.segmenter.profiles
    names = {number: profile.name[:1].upper() + profile.name[1:] for number, profile in profiles.items()}
    return Wording(names, {rule.id: rule for rule in package.description.actions.actions}, within)
