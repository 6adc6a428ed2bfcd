"""A seeded synthetic Songjiang in real wire formats, with planted faults and an answer key.

An independent witness: it imports nothing of the product. It reads the shipped map as data, and it knows the formats
from their standards and from DESIGN's table of feeds.
"""
