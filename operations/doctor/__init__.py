"""What is wrong with an installation, and the mend: `examine(home)` runs every check and changes nothing."""

from operations.doctor.examination import examine

__all__ = ["examine"]
