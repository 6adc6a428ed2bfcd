"""Evidence packs: what one finding on one trip rests on, for people who are entitled to see it."""
