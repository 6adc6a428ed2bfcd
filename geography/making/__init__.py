"""How the shipped map was made; nothing of the product imports this package."""
