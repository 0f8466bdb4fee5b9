"""The configuration: precedence, what is refused and how it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracehound.config import Settings, load_settings
from tracehound.errors import ConfigError

WHOLE = """
packs: [pack]
lists: {approved_mcp_servers: [github, jira]}
privacy: {prompt: hash, response: drop, tool: store, redact: false, max_chars: 100, raw: store, unmapped: drop}
models: {approved: [gpt-4o, "claude-*"], unapproved: [deepseek*]}
services: {approved: [api.openai.com], unapproved: [chat.example]}
aliases: {alice@example.com: ["arn:aws:iam::111122223333:user/alice"]}
targets: {elastic: {url: "https://localhost:9200"}}
lateness: 60
"""


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and no configuration named by the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRACEHOUND_CONFIG", raising=False)
    (tmp_path / "pack").mkdir()
    return tmp_path


def file(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_without_a_file_the_defaults_hold() -> None:
    settings = load_settings()
    assert settings == Settings()
    assert settings.privacy.prompt == "store"
    assert settings.privacy.redact is True
    assert settings.privacy.raw == "drop"


def test_everything_can_be_set() -> None:
    settings = load_settings(file("whole.yml", WHOLE))
    assert settings.packs == [Path("pack")]
    assert settings.privacy.response == "drop"
    assert settings.models.unapproved == ["deepseek*"]
    assert settings.lateness == 60
    changed = settings.model_fields_set | settings.privacy.model_fields_set
    assert changed == Settings.model_fields.keys() | type(settings.privacy).model_fields.keys()


def test_flag_before_environment_before_file(monkeypatch: pytest.MonkeyPatch) -> None:
    file("tracehound.yml", "lateness: 1")
    assert load_settings().lateness == 1
    monkeypatch.setenv("TRACEHOUND_CONFIG", str(file("environment.yml", "lateness: 2")))
    assert load_settings().lateness == 2
    assert load_settings(file("flag.yml", "lateness: 3")).lateness == 3


def test_packs_of_the_command_line_come_last() -> None:
    Path("second").mkdir()
    settings = load_settings(file("a.yml", "packs: [pack]"), [Path("second")])
    assert settings.packs == [Path("pack"), Path("second")]


def test_packs_of_a_file_are_beside_it() -> None:
    Path("deep/ours").mkdir(parents=True)
    assert load_settings(file("deep/a.yml", "packs: [ours]")).packs == [Path("deep/ours")]


@pytest.mark.parametrize("text", ["", "\n# nothing yet\n", "---\n"])
def test_empty_file(text: str) -> None:
    assert load_settings(file("empty.yml", text)) == Settings()


REFUSED = {
    "unknown": ("privcy: {}", "bad.yml:1: privcy: unknown setting (did you mean 'privacy'?)"),
    "far from any": ("zzz: 1", "bad.yml:1: zzz: unknown setting"),
    "unknown inside": ("models:\n  aproved: []", "bad.yml:2: models.aproved: unknown setting (did you mean"),
    "value": ("privacy:\n  raw: keep", "bad.yml:2: privacy.raw: Input should be 'drop' or 'store'"),
    "object as text": ("privacy: hash", "bad.yml:1: privacy: Input should be"),
    "bounds": ("privacy:\n\n  max_chars: 3", "bad.yml:3: privacy.max_chars: Input should be greater"),
    "list of lists": ("lists:\n  a:\n  - x\n  - {}", "bad.yml:4: lists.a.1: Input should be a valid string"),
    "broken YAML": ("a: [", "bad.yml:1: is not YAML"),
    "object made by YAML": ("a: !!python/object/apply:os.system [id]", "bad.yml:1: is not YAML"),
    "list": ("- a", "bad.yml: the top level must be a mapping"),
    "twice": ("lateness: 1\n\nlateness: 1", "bad.yml:3: lateness is set twice"),
    "twice inside": ("privacy:\n  raw: drop\n  raw: drop", "bad.yml:3: raw is set twice"),
    "pack": ("packs: [nowhere]", "nowhere: no such folder"),
    "deep": ("[" * 2000, "bad.yml"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    text, said = REFUSED[case]
    with pytest.raises(ConfigError) as error:
        load_settings(file("bad.yml", text))
    assert said in str(error.value)


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        load_settings(file("bad.yml", "lateness: x\nprivcy: 1\nmodels: 7\n"))
    lines = sorted(line.partition(": ")[0] for line in str(error.value).splitlines())
    assert lines == ["bad.yml:1", "bad.yml:2", "bad.yml:3"]


def test_file_that_cannot_be_read() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yml: cannot be read: No such file"):
        load_settings(Path("nowhere.yml"))
    Path("latin.yml").write_bytes(b"a: \xe9")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load_settings(Path("latin.yml"))
