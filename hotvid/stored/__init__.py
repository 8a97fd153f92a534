"""hotvid's own files of poses, the reader of each beside its writer.

The pose store holds everything exactly. JSON, arrays and Parquet are for other programs: what each
holds of a person are the `columns`, and what it says of the rest is the `head`.
"""
