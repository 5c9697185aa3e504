"""How static files are named and served."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Content-hashed names (cacheable for ever), inside our ES modules' imports too, with gzip beside."""

    support_js_module_import_aggregation = True
