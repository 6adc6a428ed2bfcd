"""The wire formats of the district's devices, written independently of the product that reads them."""
