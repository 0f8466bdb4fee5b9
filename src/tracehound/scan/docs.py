"""``docs/signals.md``: every label that our patterns can give, from the pattern files themselves."""

from __future__ import annotations

from collections import defaultdict

from tracehound.content import content_dir
from tracehound.scan import loading
from tracehound.scan.model import DIRECTIONS, FAMILIES, Pattern

FAMILY_NOTES = {
    "injection": "Text that tries to take the model's instructions over.",
    "jailbreak": "Attempts to talk the model out of its rules.",
    "secret": "Keys, tokens and passwords. Only masked values are kept.",
    "pii": "Personal data, confirmed by checksum, plausibility or words nearby. Only masked values are kept.",
    "exfiltration": "Ways in which text carries data out.",
    "obfuscation": "Characters that a model reads and a person does not see.",
    "encoded": "Encoded payloads. What the decoded text holds is labelled beside it.",
    "command": "Shell, SQL and file commands that a tool call should not carry.",
}

HEAD = """# Content signals

Made from the pattern files in `enrichers/patterns/`; `pytest tests/scan --update-goldens` writes it anew.

The content enricher reads every text of an event and puts labels on it: `<direction>.<family>.<kind>`, for
example `prompt.injection.instruction_override`. Labels of the new part of a conversation are in
`ai.signals`, labels of what came before are in `ai.context_signals`. What matched is in `enrichments`: the
label (`name`), a masked value or short excerpt (`value`), and the pattern with its confidence (`data`).

- **Direction**: where the text stood: {directions}. System text is searched for secrets and hidden
  characters only.
- **Confidence** belongs to the kind. `high` may raise a finding alone: measured on benign everyday text,
  injection and jailbreak kinds of high confidence hit at most 3 texts in 1,000. `review` adds risk; two of
  them, or one beside another event, make a finding.
- **Weight** (0 to 100) goes into `ai.risk_score`: 100 x (1 - product of (1 - weight / 100)) over the
  labels. It never falls when a label is added; 60 and more means at least one heavy label or several
  lighter ones.

{count} patterns give {labels} kinds of signals.

What no pattern can see: an instruction that merely asks for something else, without any word of override,
cannot be told from a user's wish by its text. Rules on behaviour (tools, destinations, first-seen) are
there for that.

## Patterns of your own

A pack's `enrichers/patterns/*.yml` has the same form as ours; a later pattern of the same `id` wins, and
`{{id: jwt, enabled: false}}` switches one off.

```yaml
family: secret            # one of: {families}
directions: [all]         # or names, or: all, untrusted (all but system), inbound, outbound
patterns:
  - id: acme_key
    description: Key of the Acme console
    expression: '\\b(acme_[a-z0-9]{{32}})\\b'   # group 1 is the value
    cased: true           # else the text is matched without case, and the expression is in lower case
    confirm: random_loose # second looks at the value; stdnum:<module> asks python-stdnum
    context: [acme]       # one of these words has to stand nearby
    match: ['acme_{{lower:32}}']   # examples; {{lower:32}} stands for 32 random characters
    pass: ['acme_your-key-here']
```

Expressions are what Hyperscan and RE2 read alike: no look-around, no back-references. They are matched
against text that has been folded: compatibility forms, accents, look-alike letters in mixed words and
invisible characters are gone. `define` holds pieces for `%{{name}}`, `requires` an expression that has to
match first (for costly ones), `gates` shared ones.
"""


def signals_page() -> str:
    """The whole page."""
    loaded = loading.load([content_dir("enrichers") / "patterns"])
    by_label: dict[str, list[Pattern]] = defaultdict(list)
    for pattern in loaded.patterns.values():
        by_label[pattern.label].append(pattern)
    parts = [
        HEAD.format(
            directions=", ".join(f"`{d}`" for d in DIRECTIONS),
            count=len(loaded.patterns),
            labels=len(by_label),
            families=", ".join(FAMILIES),
        )
    ]
    for family, note in FAMILY_NOTES.items():
        rows = [
            _row(loaded.kinds[label], patterns)
            for label, patterns in sorted(by_label.items())
            if label.startswith(f"{family}.")
        ]
        head = "| kind | confidence | weight | directions | patterns | what it means |\n|---|---|---|---|---|---|"
        parts.append(f"## {family}\n\n{note}\n\n{head}\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _row(kind: loading.Kind, patterns: list[Pattern]) -> str:
    weights = sorted({pattern.weight for pattern in patterns})
    weight = f"{weights[0]}" if len(weights) == 1 else f"{weights[0]}-{weights[-1]}"
    directions = {direction for pattern in patterns for direction in pattern.directions}
    about = kind.about.replace("|", "\\|").replace("<", "&lt;")
    cells = (f"`{kind.name}`", kind.confidence, weight, _directions(directions), str(len(patterns)), about)
    return f"| {' | '.join(cells)} |"


def _directions(names: set[str]) -> str:
    for group in ("all", "untrusted", "inbound", "outbound"):
        if names == set(loading.DIRECTION_GROUPS[group]):
            return "all but system" if group == "untrusted" else group
    return ", ".join(name for name in DIRECTIONS if name in names)
