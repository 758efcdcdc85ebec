"""The text of a first use case around what was found in the file: what each part means and what to correct."""

TEMPLATE = """\
# A starter use case, guessed from {file}. Read every line, correct it, then:
#   churn train --usecase THIS-FILE.yaml --data {options}

name: {name} # the model is registered as churn-…; at most 40 lower-case letters, digits and hyphens
title: {title}
{id}

label:
  column: {label}
  positive: {positive}{negative}
  # window: 1 # months within which they left, with `time` below; without it a would-be leaver counts as gone today,
  # and `churn outcomes report` has to be told the time (--horizon)

# Texts that mean "not known", beside blank ones.
missing: [{missing}]

{value}

# As of when customers are described: dates become days before it. A date, or the column with each row's own.
{time}

# Churn probabilities from which on a customer counts as medium and as high risk.
risk:
  medium: 0.3
  high: 0.6

# Segments are built on what customers do. Empty: on every feature. Better: name three to six.
segments:
  features: []
  count: 4

# What may be kept of customers beside their answers (ids as a keyed hash), so that drift of it is seen and later models
# can learn from it. Left out: nothing. Name no feature that says who somebody is.
# prediction_log:
#   features: [{kept}]

# What can be done for a customer. `effect`: probability that a customer who would leave stays because of it. These are
# assumptions until an experiment has measured them.
actions:
  - id: personal-call
    name: A call by a customer adviser
    cost: {call_cost}
    effect: 0.1
    source: assumed
    risk: [medium, high]
  - id: message
    name: A message
    cost: {message_cost}
    effect: 0.02
    source: assumed

# `type` is number, category or date; `label` is what people read; `minimum` and `maximum` may bound a number.
features:
{features}
{left_out}"""

_ECONOMICS = """\
  months: 12
  margin: 0.4 # an assumption: what is left of it after costs; put your own

# Models are compared by what a campaign with this action would earn: its cost, its effect, and the value above.
profit:
  action: personal-call"""

VALUE = (
    """\
# What keeping a customer is worth: this column times months times margin, less what a leaver pays before leaving where
# `label.window` says how soon that is.
value:
  column: {column}{reason}
"""
    + _ECONOMICS
)

WITHOUT_VALUE = (
    """\
# What a customer is worth is not known, so no money is told and no campaign can be planned. Name a number column of
# what a customer pays a month (named like money: {options}) and put your own economics of a campaign:
value:
  column: {column}
"""
    + _ECONOMICS
)


def commented(text: str) -> str:
    """The text with every line a comment, once: what one uncommenting makes of it is complete."""
    return "\n".join(line if line.startswith("#") or not line else f"# {line}" for line in text.split("\n"))
