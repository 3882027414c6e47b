"""What a snapshot's file is. Alone: who writes results needs nothing else of what shows them."""

from typing import Literal

SnapshotKind = Literal["picture", "sprite", "thumbnails", "contact_sheet", "poster"]
