"""Oracles are independent of what they test: a published value, a closed form, plain NumPy, SciPy, PyTorch."""
