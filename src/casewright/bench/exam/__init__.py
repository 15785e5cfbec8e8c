"""The built-in exam: what a model is fit for in casework, scored by code alone."""
