"""Everyday text of our own stays without high-confidence attack labels; work is linear and bounded."""

from __future__ import annotations

import random
import string
import sys
import time
from collections.abc import Callable

import pytest

from tracehound.content import content_dir
from tracehound.scan import Pattern, Scanner
from tracehound.scan.examples import expand_example

SCANNER = Scanner.load([content_dir("enrichers") / "patterns"], memo=False)
ATTACKS = {"injection", "jailbreak", "exfiltration", "obfuscation", "encoded", "command", "secret"}

BENIGN = {
    "question": "What is the difference between a process and a thread? Please explain it with a short example.",
    "mail": "Hi Jane, thanks for the previous instructions. I followed all the rules and sent the report. "
    "Could you ignore my last message about the invoice? It was for another customer.",
    "ticket": "My card was declined and I forgot my password. How do I reset it? The system showed me the message "
    "'transaction failed' twice before I gave up.",
    "recipe": "First, forget everything you know about risotto: no need to stir all the time. Add the stock, "
    "then the wine, and let it simmer for 18 minutes.",
    "code": "def reset(self) -> None:\n    '''Clear the memory of previous prompts.'''\n    self.rules = []\n"
    "    os.remove(path)\n    subprocess.run(['ls', '-la'], check=True)\n",
    "shell": "cd build && cmake .. && make -j4 && sudo make install; rm -rf build/tmp; curl -O https://downloads.test/a.tar.gz",
    "log": "2024-05-17T10:30:12.123Z INFO request 7f3a9c1e-5b2d-4c8a-9e0f-1a2b3c4d5e6f took 12 ms, status 200",
    "json": '{"model": "small-1", "temperature": 0.2, "messages": [{"role": "user", "content": "Hello"}]}',
    "markdown": "# Guide\n\n![diagram](docs/overview.png)\n\n[Read more](https://docs.northwind.test/start?lang=en)\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n",
    "role play": "Act as a travel guide and plan a weekend in Lisbon with good food and little walking.",
    "prompt writing": "Help me write a clear prompt for a chatbot that answers questions about our products.",
    "German": "Bitte fasse den Text zusammen und beachte die folgenden Regeln: höchstens fünf Sätze.",
    "French": "Pouvez-vous résumer ce texte en suivant les consignes suivantes : trois phrases, ton neutre.",
    "Spanish": "Resume el texto siguiendo estas instrucciones: tres frases y un tono neutro, por favor.",
    "Russian": "Пожалуйста, сократите текст и следуйте этим правилам: не больше пяти предложений.",
    "Chinese": "请根据以下说明总结这段文字，不要超过五句话。",
    "Japanese": "次の指示に従って、この文章を五つの文で要約してください。",
    "Korean": "다음 지침에 따라 이 글을 다섯 문장으로 요약해 주세요.",
    "Arabic": "يرجى تلخيص النص باتباع التعليمات التالية: خمس جمل على الأكثر.",
    "Hindi": "कृपया निम्नलिखित निर्देशों के अनुसार इस पाठ का सारांश लिखें।",
    "emoji": "Great job team 🎉👩‍💻🏴󠁧󠁢󠁳󠁣󠁴󠁿 ❤️ see you on Monday ☀️",
    "numbers": "Totals: 12 345 678, 1,234.56, 3.14159, 2024-05-17, 10:30, 192.168.0.1, v1.2.3-rc4, #4521, 50 %",
    "legal": "This agreement supersedes all prior agreements between the parties. The old policy ends in May.",
}


@pytest.mark.parametrize("direction", ["prompt", "response", "tool_result", "tool_call"])
@pytest.mark.parametrize("text", BENIGN.values(), ids=BENIGN)
def test_everyday_text(text: str, direction: str) -> None:
    hits = SCANNER.scan(text, direction).hits
    assert [h for h in hits if h.confidence == "high" and h.label.split(".")[1] in ATTACKS] == []


def _random_text(alphabet: str, size: int) -> str:
    return "".join(random.Random(7).choices(alphabet, k=size))


ADVERSARIAL: dict[str, Callable[[int], str]] = {
    "one letter": lambda size: "a" * size,
    "spaces": lambda size: " " * size,
    "digits": lambda size: _random_text(string.digits, size),
    "card-like": lambda size: "4111 1111 1111 1112 " * (size // 20),
    "base64": lambda size: _random_text(string.ascii_letters + string.digits + "+/", size),
    "verbs": lambda size: "ignore all of the any every your " * (size // 33),
    "triggers": lambda size: "vtaber tpmorp pr3v10us %41%42%43%44 &#65;&#66;&#67;&#68; " * (size // 56),
    "slashes": lambda size: "//" * (size // 2),
    "at signs": lambda size: "a@a" * (size // 3),
    "brackets": lambda size: "![](" * (size // 4),
    "mixed words": lambda size: "аdmin " * (size // 6),
    "accents": lambda size: "e\u0301\u0302\u0303" * (size // 4),
    "tags": lambda size: "\U000e0041" * size,
    "quotes": lambda size: "\"' or '1" * (size // 8),
    "morse": lambda size: "-.-. " * (size // 5),
    "password": lambda size: "password: " * (size // 10),
}


@pytest.mark.parametrize("make", ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_work_is_linear(make: Callable[[int], str]) -> None:
    """Eight times the text takes no more than some twelve times the calls: counted, since clocks are noisy."""
    small, large = (_calls(make(size)) for size in (16_384, 131_072))
    assert large < 12 * small + 2000


def _calls(text: str) -> int:
    """How many functions, of Python and of C, scanning and masking a text call."""
    count = 0

    def seen(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        SCANNER.scan(text, "prompt")
        SCANNER.redact(text)
    finally:
        sys.setprofile(None)
    return count


def test_oversized_payload_says_so() -> None:
    text = ADVERSARIAL["triggers"](200_000)
    assert "prompt.encoded.oversized" in SCANNER.scan(text, "prompt").labels


@pytest.mark.parametrize(
    "pattern", [pytest.param(p, id=p.id) for p in SCANNER.patterns.values() if p.expression]
)
def test_no_pattern_is_slow_on_its_own_examples(pattern: Pattern) -> None:
    """16 KB of an example, or of its beginning, over and over: a bounded repeat that explodes takes seconds."""
    example = expand_example(pattern.match[0])[:400]
    for piece in (example + " ", example[: len(example) * 2 // 3]):
        text = (piece * (16_384 // len(piece) + 1))[:16_384] + " " + example
        start = time.process_time()
        SCANNER.scan(text, min(pattern.directions))
        SCANNER.redact(text)
        assert time.process_time() - start < 1.5
