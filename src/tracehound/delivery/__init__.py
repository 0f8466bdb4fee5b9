"""At-least-once delivery to a target: bounded batches, several in flight, nothing lost.

    documents -> Batcher -> queue (bounded) -> senders (threads) -> Transport -> target
                                                   |
                          rejected: dead letter    acknowledged: the position moves

``Delivery`` is the whole; a target brings a ``Transport``. What a position is, only the caller knows.
"""

from __future__ import annotations

from tracehound.delivery.backoff import Backoff
from tracehound.delivery.batches import Batch, Batcher
from tracehound.delivery.delivery import Delivery, Totals
from tracehound.delivery.model import Answer, Document, Rejection, Sender, Transport, TransportError

__all__ = [
    "Answer",
    "Backoff",
    "Batch",
    "Batcher",
    "Delivery",
    "Document",
    "Rejection",
    "Sender",
    "Totals",
    "Transport",
    "TransportError",
]
