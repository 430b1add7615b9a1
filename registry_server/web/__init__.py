"""The pages' ground: language, texts, formats, layout, doors (sign-in, roles, CSRF), errors.

Features stand on it; it knows none of them. A feature brings routes, `templates/<feature>/` and `texts/<feature>.toml`.
"""
