"""All attacks, in the order in which they are played."""

from __future__ import annotations

from churnattack.bodies import BODY_ATTACKS
from churnattack.calls import CALL_ATTACKS
from churnattack.connections import CONNECTION_ATTACKS
from churnattack.heads import HEAD_ATTACKS
from churnattack.http2 import HTTP2_ATTACKS

ATTACKS = (*CONNECTION_ATTACKS, *BODY_ATTACKS, *HEAD_ATTACKS, *CALL_ATTACKS, *HTTP2_ATTACKS)
