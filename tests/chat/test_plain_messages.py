"""The short way of reading a message of one text gives what the long way gives."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tracehound.chat.dialects import PLAIN_ROLES, _message, _plain

scalars = st.one_of(st.none(), st.text(max_size=4), st.integers(), st.booleans())
blocks = st.dictionaries(
    st.sampled_from(["type", "text", "content", "image"]), scalars | st.just("text"), max_size=3
)
PARTS = ("texts", "calls", "results", "documents", "reasoning")
contents = scalars | blocks | st.lists(blocks | scalars, max_size=2)
messages = st.dictionaries(
    st.sampled_from(["role", "content", "parts", "type", "tool_calls", "name"]),
    contents | st.sampled_from([*PLAIN_ROLES, "tool", "User"]),
    max_size=3,
)


@given(messages)
def test_short_and_long_way_agree(item: dict[str, Any]) -> None:
    short = _plain(item)
    if short is not None:
        whole = _message(item, "user")
        assert {name: list(getattr(short, name)) for name in PARTS} == {
            name: getattr(whole, name) for name in PARTS
        }
        assert short.role == whole.role


def test_it_is_the_way_of_plain_messages() -> None:
    for content in ("hello", [{"text": "hello"}], [{"type": "text", "text": "hello"}]):
        found = _plain({"role": "assistant", "content": content})
        assert found is not None
        assert found.texts == ("hello",)
