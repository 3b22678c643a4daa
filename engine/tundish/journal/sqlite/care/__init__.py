"""What keeps the journal whole: ownership, high water, room, retention, verification, backup, salvage."""
