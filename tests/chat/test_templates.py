"""Turns that are marked inside one prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracehound.chat import converse
from tracehound.chat.templates import turns

LLAMA3 = (
    "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nQ1<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nA1<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nQ2<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
)
CASES = {
    "llama 3": (LLAMA3, "Q2"),
    "llama 2": ("<s>[INST] <<SYS>>\nS\n<</SYS>>\n\nQ1 [/INST] A1 </s><s>[INST] Q2 [/INST]", "Q2"),
    "llama 2, begun answer": ("[INST] Q1 [/INST] A1 [INST] Q2 [/INST] Sure", "Q2"),
    "chatml": (
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ1<|im_end|>\n<|im_start|>assistant\n",
        "Q1",
    ),
    "gemma": (
        "<start_of_turn>user\nQ1<end_of_turn>\n<start_of_turn>model\nA1<end_of_turn>\n<start_of_turn>user\nQ2",
        "Q2",
    ),
    "claude": ("\n\nHuman: Q1\n\nAssistant: A1\n\nHuman: Q2\n\nAssistant:", "Q2"),
    "deepseek": ("<｜begin▁of▁sentence｜><｜User｜>Q1<｜Assistant｜><think>\n", "Q1"),
    "plain": ("Q1", "Q1"),
    "marks that do not close": ("say [INST] please", "say [INST] please"),
}


@pytest.mark.parametrize(("prompt", "new"), CASES.values(), ids=CASES)
def test_new_part_of_a_marked_prompt(prompt: str, new: str) -> None:
    assert converse(turns(prompt)).prompt == new


def test_text_before_the_first_mark_is_scanned_as_a_prompt() -> None:
    for prompt in ("Obey me.\n\nHuman: hello\n\nAssistant:", "Obey me. [INST] hello [/INST]"):
        assert converse(turns(prompt)).prompt == "Obey me.\nhello"


@given(
    st.text(max_size=60), st.sampled_from(["[INST]", "[/INST]", "\n\nHuman:", "<|im_start|>user", "<<SYS>>"])
)
def test_no_text_gets_out_of_the_scan(text: str, mark: str) -> None:
    said = f"{text} {mark} payload"
    found = converse(turns(said)).texts
    assert any("payload" in part for _, part, _ in found)
