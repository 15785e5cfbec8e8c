"""Files that are broken or made to do harm, made on the spot from fixed seeds.

``corpus.files()`` are all of them; ``python -m hostile DIR`` writes them; ``survey`` reads them all.
"""
