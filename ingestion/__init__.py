"""From a source file to rows of bronze (README.md)."""

import os

# Read when Arrow is loaded, which is after this. Its own allocator keeps what was freed; columns come and go here by the hundred
# megabytes, and memory that the machine has to find anew is dearer than what is written into it.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
