"""HTTP services of the product."""
