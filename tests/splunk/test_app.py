"""The apps of Splunk: files that parse, names that exist, searches that are valid and read what they must."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import struct
import tarfile
import xml.etree.ElementTree as ET
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as steady
from hypothesis import strategies as st
from splunk_apps import apps, our_apps, part, stanzas

from tracehound.compiler.conf import stanzas as made_stanzas
from tracehound.compiler.conf_text import written
from tracehound.compiler.front import compile_rules
from tracehound.config import Settings
from tracehound.rules import filled_fields, load_rules
from tracehound.rules.loader import load_rules as load_whole_rules
from tracehound.schema import fields

APP, ADD_ON, INDEXES = "tracehound", "TA-tracehound", "tracehound_indexes"
FILES = our_apps()
CONFS = sorted(name for name in FILES if name.endswith((".conf", ".meta")))
MACRO = re.compile(r"`([^`]*)`")
HOSTILE = [
    "A title\n[default]\nsearch = | delete", "ends in a backslash \\", "[brackets]", "a ] b", "$user$ `macro`",
    "\u2028[x]\u2029", "tab\there", "\r[x]\r", "key = value", "# not a comment", "\\", "", " ", "]\\\n\\",
]  # fmt: skip


def conf(app: str, name: str) -> dict[str, dict[str, str]]:
    return stanzas(FILES[f"{app}/default/{name}.conf"])


def searches() -> dict[str, str]:
    return {name: one["search"] for name, one in conf(APP, "savedsearches").items()}


def queries_of(board: str) -> str:
    """The searches of a board."""
    strings = re.findall(r'"query": ("(?:[^"\\]|\\.)*")', board)
    return "\n".join(json.loads(one) for one in strings)


def expanded(search: str) -> str:
    macros = {name: one["definition"] for name, one in conf(APP, "macros").items()}
    return MACRO.sub(lambda found: macros[found[1]], search)


# Files


@pytest.mark.parametrize("name", CONFS)
def test_each_conf_file_parses(name: str) -> None:
    found = stanzas(FILES[name])
    assert found
    text = FILES[name].decode("utf-8")
    assert "\r" not in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]", text)


def test_an_app_has_what_splunk_asks_for() -> None:
    for app in (APP, ADD_ON, INDEXES):
        own = conf(app, "app")
        assert own["package"]["id"] == own["id"]["name"] == app
        assert own["launcher"]["version"] == own["id"]["version"]
        manifest = json.loads(FILES[f"{app}/app.manifest"])
        assert manifest["info"]["id"] == {"group": None, "name": app, "version": own["id"]["version"]}
        assert manifest["targetWorkloads"]
        assert not any(part in ("local", "bin") for name in FILES for part in name.split("/"))


@pytest.mark.parametrize("app", [APP, ADD_ON, INDEXES])
@pytest.mark.parametrize(("name", "size"), [("appIcon", 36), ("appIcon_2x", 72), ("appIconAlt", 36)])
def test_icons_are_png_of_the_right_size(app: str, name: str, size: int) -> None:
    raw = FILES[f"{app}/static/{name}.png"]
    assert raw[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", raw[16:24]) == (size, size)
    start = raw.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", raw[start - 8 : start - 4])
    assert len(zlib.decompress(raw[start : start + length])) == size * (4 * size + 1)


def test_a_package_holds_the_folder_and_is_the_same_each_time() -> None:
    again = apps()
    assert again == FILES
    for name in (n for n in FILES if n.endswith(".tar.gz")):
        app = name.rpartition("-")[0]
        with tarfile.open(fileobj=io.BytesIO(FILES[name])) as tar:
            members = tar.getmembers()
            held = {m.name: tar.extractfile(m) for m in members if m.isfile()}
            assert {n: f.read() for n, f in held.items() if f} == {
                n: content for n, content in FILES.items() if n.startswith(f"{app}/")
            }
        assert {(m.uid, m.gid, m.uname, m.mtime) for m in members} == {(0, 0, "", 1_577_836_800)}
        assert {m.mode for m in members} == {0o644, 0o755}


def test_nobody_but_administrators_may_write() -> None:
    for app in (APP, ADD_ON, INDEXES):
        rights = stanzas(FILES[f"{app}/metadata/default.meta"])
        assert rights[""] == {
            "access": "read : [ * ], write : [ admin, sc_admin ]",
            "export": "system" if app == INDEXES else "none",
        }
    assert {k for k in stanzas(FILES[f"{APP}/metadata/default.meta"]) if k} == set()
    assert {k for k in stanzas(FILES[f"{ADD_ON}/metadata/default.meta"]) if k} == {
        "props",
        "eventtypes",
        "tags",
    }


def test_enterprise_security_is_switched_on_by_a_setting() -> None:
    app = Settings(targets={"splunk": {"enterprise_security": True}})
    made = apps(app)
    rights = stanzas(made[f"{APP}/metadata/default.meta"])
    assert all(rights[kind] == {"export": "system"} for kind in ("savedsearches", "macros", "transforms"))
    found = stanzas(made[f"{APP}/default/savedsearches.conf"]).values()
    rules = [one for one in found if "action.notable" in one]
    assert len(rules) == len(load_rules().rules)
    assert {one["action.notable"] + one["action.risk"] for one in rules} == {"11"}
    off = [one for one in conf(APP, "savedsearches").values() if "action.notable" in one]
    assert {one["action.notable"] + one["action.risk"] for one in off} == {"00"}


def test_settings_of_the_target_name_app_and_indexes() -> None:
    values = {
        "app": "ai_watch",
        "index": "ai",
        "indexes": {"dns_activity": "ai_dns"},
        "verify_index": "ai_test",
    }
    made = apps(Settings(targets={"splunk": values}))
    assert "ai_watch/default/app.conf" in made
    macros = stanzas(made["ai_watch/default/macros.conf"])
    assert macros["tracehound_index"]["definition"] == "(index=ai OR index=ai_dns)"
    indexes = stanzas(made[f"{INDEXES}/default/indexes.conf"])
    assert list(indexes) == ["ai", "ai_dns", "ai_test"]
    assert indexes["ai_test"]["frozenTimePeriodInSecs"] == "259200"
    for one in stanzas(made["ai_watch/default/savedsearches.conf"]).values():
        assert one.get("request.ui_dispatch_app", "ai_watch") == "ai_watch"


# Names


def test_every_rule_has_its_search_switched_off() -> None:
    found = conf(APP, "savedsearches")
    titles = {f"Tracehound - {rule.title}" for rule in load_rules().rules}
    assert titles <= set(found)
    for one in found.values():
        assert one["disabled"] == "1"
        assert one["enableSched"] == "1"
        assert one["realtime_schedule"] == "0", "no time goes unsearched when the scheduler is late"
        assert one["dispatch.earliest_time"].startswith("-")


def test_runs_are_spread_over_the_hour() -> None:
    minutes: Counter[int] = Counter()
    for one in conf(APP, "savedsearches").values():
        first, _, rest = one["cron_schedule"].split(" ", 1)[0].partition("-59/")
        every = int(rest or 60)
        minutes.update(range(int(first), 60, every))
    busiest, mean = max(minutes.values()), sum(minutes.values()) / 60
    assert set(minutes) == set(range(60))
    assert busiest < 3 * mean


def test_macros_lookups_and_views_that_are_named_exist() -> None:
    macros, lookups = conf(APP, "macros"), conf(APP, "transforms")
    boards = {n.rpartition("/")[2]: queries_of(FILES[n].decode()) for n in FILES if "/ui/views/" in n}
    assert all(text.startswith("`tracehound_index`") for text in boards.values())
    for name, text in (searches() | boards).items():
        assert set(MACRO.findall(text)) <= set(macros), name
        named = re.findall(r"\b(?:lookup|inputlookup|outputlookup) (?:[a-z_]+=\S+ )*(\w+)", text)
        assert set(named) <= set(lookups), name
    collections = conf(APP, "collections")
    for one in lookups.values():
        if "collection" in one:
            assert one["collection"] in collections
            declared = {
                key.removeprefix("field.") for key in collections[one["collection"]] if "field." in key
            }
            assert {f.strip() for f in one["fields_list"].split(",")} - {"_key"} <= declared
        else:
            assert f"{APP}/lookups/{one['filename']}" in FILES
    bar = ET.fromstring(FILES[f"{APP}/default/data/ui/nav/default.xml"])
    shown = {one.attrib["name"] for one in bar}
    assert {name.removesuffix(".xml") for name in boards} <= shown
    assert shown - {name.removesuffix(".xml") for name in boards} == {
        "search",
        "alerts",
        "reports",
        "dashboards",
    }


def test_what_compiled_searches_keep_is_in_a_collection() -> None:
    rules = load_whole_rules(filled=filled_fields())
    wanted = {name for query in compile_rules(rules, "splunk").queries for name in query.lookups}
    assert wanted
    assert wanted == set(conf(APP, "collections"))


def test_catalogues_are_tables_with_their_fields() -> None:
    for one in part("lookups").catalogues(Settings()):
        lines = FILES[f"{APP}/lookups/{one.name}.csv"].decode().splitlines()
        assert lines[0] == ",".join(one.fields)
        assert len(lines) == len(one.rows) + 1
    models = FILES[f"{APP}/lookups/tracehound_models.csv"].decode()
    assert models.index("\ngpt-4o-mini*,") < models.index("\ngpt-4o*,") < models.index("\ngpt-4*,")


def test_approved_models_and_lists_are_in_a_lookup() -> None:
    app = Settings(models={"approved": ["GPT-4o*"], "unapproved": ["deepseek*"]}, lists={"own": ["X"]})
    (one,) = (c for c in part("lookups").catalogues(app) if c.name == "tracehound_approved")
    assert {"kind": "model", "value": "gpt-4o*", "status": "approved"} in one.rows
    assert {"kind": "model", "value": "deepseek*", "status": "unapproved"} in one.rows
    assert {"kind": "list:own", "value": "x", "status": "listed"} in one.rows


def test_objects_carry_the_mark_by_which_apply_knows_them() -> None:
    """As applied: over an installed package, `apply` has nothing to do."""
    marks = part("marks")
    for one in conf(APP, "savedsearches").values():
        mark = marks.search_mark(one[marks.MARK])
        assert mark == marks.new_mark(marks.search_body(one), mark.version)
    for one in conf(APP, "macros").values():
        body = marks.macro_body(one["definition"], marks.unsigned(one["description"]))
        assert marks.mark_in(one["description"]) == marks.new_mark(body, 1)
    for name in (name for name in FILES if "/ui/views/" in name):
        xml = FILES[name].decode()
        ET.fromstring(xml)
        assert marks.view_mark(xml) == marks.new_mark(marks.view_body(xml), 1)
    assert f"{marks.MARK} = <string>" in FILES[f"{APP}/README/savedsearches.conf.spec"].decode()


# Searches


def test_no_search_reads_what_it_need_not() -> None:
    """The index macro comes first; nothing is joined, appended or looked for inside words of the raw text."""
    for name, text in searches().items():
        assert text.startswith("`tracehound_index` "), name
        commands = [line.split()[1] for line in text.split("\n")[1:]]
        assert not {"join", "transaction", "append", "appendcols", "union", "map", "delete"} & set(
            commands
        ), name
        base = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text.split("\n")[0])
        assert not re.search(r"(?:^|[\s(])\*", base), name


def test_every_search_is_valid_spl(splcheck: Callable[[list[str]], list[str | None]]) -> None:
    """By a grammar that is not ours; what it refuses though Splunk takes it is taken out first, by name."""
    lookup = re.compile(r"^\| lookup .*\n", re.MULTILINE)
    asked = []
    for text in searches().values():
        text = expanded(text).replace("mvmap(", "nullif(")
        asked += [lookup.sub("", text), *(f"index=ai {line.strip()}" for line in lookup.findall(text))]
    asked += [one["search"] for one in conf(ADD_ON, "eventtypes").values()]
    wrong = [(query, said) for query, said in zip(asked, splcheck(asked), strict=True) if said]
    assert not wrong


def test_enterprise_security_is_told_of_each_rule() -> None:
    known = fields()
    for rule in load_rules().rules:
        one = conf(APP, "savedsearches")[f"Tracehound - {rule.title}"]
        assert one["action.correlationsearch.enabled"] == "1"
        told = json.loads(one["action.correlationsearch.annotations"])
        assert told.get("mitre_attack", []) == list(rule.attack)
        assert told.get("mitre_atlas", []) == list(rule.atlas)
        (risk,) = json.loads(one["action.risk.param._risk"])
        assert risk["risk_object_field"] in known
        assert risk["risk_object_type"] in ("user", "system", "other")
        assert 0 < risk["risk_score"] <= 100
        assert one["action.notable.param.severity"] == rule.finding_level
        assert one["action.notable.param.security_domain"] in ("threat", "audit")
        (drill,) = json.loads(one["action.notable.param.drilldown_searches"])
        assert set(drill) == {"name", "search", "earliest_offset", "latest_offset"}
        assert len(json.loads(one["action.notable.param.next_steps"])["data"].splitlines()) == len(
            rule.triage
        )


# Hostile text


RULE = next(rule for rule in load_whole_rules(filled=filled_fields()) if rule.correlation is None)
(QUERY,) = compile_rules([RULE], "splunk").queries
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=40)


@given(TEXTS, TEXTS, TEXTS)
@steady(deadline=None, max_examples=150)
def test_no_text_of_a_rule_leaves_its_line(title: str, description: str, step: str) -> None:
    rule = dataclasses.replace(RULE, title=title, description=description, triage=(step,))
    query = dataclasses.replace(QUERY, rule=rule)
    wanted = made_stanzas([QUERY], 300)[0][1]
    made = made_stanzas([query, query], 300)
    text = "".join("\n" + written(name, values) for name, values in made)
    found = stanzas(text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode())
    assert len(found) == 2, "two rules of one title are two searches"
    for one in found.values():
        assert set(one) == set(wanted)
        assert one["search"] == wanted["search"]
        assert one["disabled"] == "1"
        assert "$" not in one["action.notable.param.rule_title"]
        assert "[[" not in one["action.notable.param.rule_description"]


def test_a_pack_with_hostile_texts_builds(tmp_path: Path) -> None:
    folder = tmp_path / "detections" / "x" / "hostile_rule"
    folder.mkdir(parents=True)
    own = RULE.path.read_text()
    title = re.search(r"^title: .*$", own, re.MULTILINE)
    assert title
    text = own.replace(title[0], f"title: {json.dumps(HOSTILE[0])}")
    (folder / "hostile_rule.yml").write_text(
        re.sub(r"^id: .*$", "id: " + "0" * 8 + RULE.id[8:], text, flags=re.M)
    )
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "approved_mcp_servers.txt").write_text(
        '") OR index=* | delete\n`tracehound_index`\n'
    )
    refused: list[str] = []
    made = apps(Settings(packs=[tmp_path]), refused)
    found = stanzas(made[f"{APP}/default/savedsearches.conf"])
    assert "default" not in found
    assert all(one["search"].startswith("`tracehound_index` ") for one in found.values())
    known = set(stanzas(made[f"{APP}/default/macros.conf"]))
    used = {
        name
        for one in found.values()
        for name in MACRO.findall(re.sub(r'"(?:[^"\\]|\\.)*"', "", one["search"]))
    }
    assert used <= known


def test_a_value_that_no_file_can_hold_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    app = Settings(lists={"approved_mcp_servers": ["a\rb"], "own_image_hosts": ["a\nb"]})
    refused: list[str] = []
    made = apps(app, refused)
    assert {path for said in refused for path in re.findall(r"(\w+)\.yml", said)} == {
        "mcp_server_not_approved", "mcp_server_asks_model_or_user", "data_carrying_link_in_response",
    }  # fmt: skip
    titles = set(stanzas(made[f"{APP}/default/savedsearches.conf"]))
    assert "Tracehound - MCP Server Connected That Is On No List" not in titles


def test_a_changed_pack_is_uploaded_as_a_newer_version() -> None:
    """Splunk Cloud takes an app again only under another version, and browsers keep files of the same build."""
    built = apps(Settings(targets={"splunk": {"app_version": "1.4.12"}}))
    for name in ("tracehound", "TA-tracehound", "tracehound_indexes"):
        own = stanzas(built[f"{name}/default/app.conf"])
        assert own["id"]["version"] == own["launcher"]["version"] == "1.4.12"
        assert own["install"]["build"] == "1004012"
        assert json.loads(built[f"{name}/app.manifest"])["info"]["id"]["version"] == "1.4.12"
        assert f"{name}-1.4.12.tar.gz" in built


def test_events_are_kept_by_as_many_peers_as_a_cluster_copies() -> None:
    indexes = stanzas(our_apps()["tracehound_indexes/default/indexes.conf"])
    assert {one["repFactor"] for one in indexes.values()} == {"auto"}


def test_each_search_is_throttled_by_what_its_rule_says() -> None:
    """All fields of ``suppress``, else the correlation's groups, else the event: fewer would hide other hits."""
    found = stanzas(FILES[f"{APP}/default/savedsearches.conf"])
    rules = {f"Tracehound - {rule.title}": rule for rule in load_rules(filled=filled_fields())}
    several = 0
    for name, rule in rules.items():
        by = rule.suppress.by if rule.suppress else rule.correlation.group_by if rule.correlation else ()
        fields_said = found[name]["alert.suppress.fields"].split(", ")
        assert [one.replace("{}", "") for one in fields_said] == list(by or ("metadata.uid",)), name
        several += len(fields_said) > 1
    assert len(rules) > 70
    assert several > 10


def test_what_a_run_sees_again_is_not_raised_again() -> None:
    """Where a rule's ``suppress`` is shorter than what runs look back over, the throttling is as long as that."""
    rule = next(rule for rule in load_whole_rules(filled=filled_fields()) if rule.suppress is not None)
    assert rule.suppress is not None
    short = dataclasses.replace(rule, suppress=dataclasses.replace(rule.suppress, seconds=60))
    (query,) = compile_rules([rule], "splunk").queries
    ((_, made),) = made_stanzas([dataclasses.replace(query, rule=short)], 7200)
    period, earliest = made["alert.suppress.period"], made["dispatch.earliest_time"]
    assert int(period.removesuffix("s")) >= 7200 + 300
    assert f"-{period}" == earliest
