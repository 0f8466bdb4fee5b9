"""Prompts in which the turns of a conversation are marked inside one text, as open models take them.

Llama 2 to 4, Mistral, ChatML (Qwen and others), Gemma, DeepSeek, and Claude's text completions. Text before the
first mark counts as the user's: whoever writes the prompt must not get it out of the scan by a mark of their own.
"""

from __future__ import annotations

import re
from typing import Any

_HEADS = {
    "llama3": re.compile(r"<\|start_header_id\|>\s*(\w+)\s*<\|end_header_id\|>"),
    "llama4": re.compile(r"<\|header_start\|>\s*(\w+)\s*<\|header_end\|>"),
    "chatml": re.compile(r"<\|im_start\|>\s*(\w+)"),
    "gemma": re.compile(r"<start_of_turn>\s*(\w+)"),
    "claude": re.compile(r"(?:^|\n)\s*(Human|Assistant):"),
    "deepseek": re.compile(r"<｜(User|Assistant)｜>"),
}
_MARKS = re.compile(
    r"<\|(?:begin_of_text|eot_id|eom_id|end_of_text|eot|eom|im_end|endoftext)\|>|<end_of_turn>|<bos>|</?s>"
    r"|<｜(?:begin|end)▁of▁sentence｜>"
)
_INST = re.compile(r"\[INST\](.*?)\[/INST\]", re.DOTALL)
_SYSTEM = re.compile(r"<<SYS>>(.*?)<</SYS>>", re.DOTALL)


def turns(prompt: str) -> Any:
    """The messages of a prompt whose turns are marked; the prompt itself where they are not."""
    if "[INST]" in prompt:
        found = _instructions(prompt)
        if found:
            return found
    for head in _HEADS.values():
        marks = list(head.finditer(prompt))
        if marks:
            return _headed(prompt, marks)
    return prompt


def _headed(prompt: str, marks: list[re.Match[str]]) -> list[dict[str, str]]:
    messages = [_message("user", prompt[: marks[0].start()])]
    ends = [mark.start() for mark in marks[1:]] + [len(prompt)]
    messages += [_message(mark[1], prompt[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)]
    return [message for message in messages if message["content"]]


def _instructions(prompt: str) -> list[dict[str, str]]:
    messages: list[dict[str, str]] = []
    at = 0
    for found in _INST.finditer(prompt):
        messages.append(_message("assistant" if at else "user", prompt[at : found.start()]))
        said = found[1]
        system = _SYSTEM.search(said)
        if system:
            messages.append(_message("system", system[1]))
            said = said[: system.start()] + said[system.end() :]
        messages.append(_message("user", said))
        at = found.end()
    if messages:
        messages.append(_message("assistant", prompt[at:]))
    return [message for message in messages if message["content"]]


def _message(role: str, text: str) -> dict[str, str]:
    return {"role": role.lower(), "content": _MARKS.sub("", text).strip()}
