"""Settings. Every one that differs between installations comes from the environment (README, Settings)."""

import socket
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from inbox.keys import cookie_mark, read_or_make_key
from inbox.running.data_dir import prepare
from inbox.running.valkey_file import address as embedded_valkey_address
from tempmail_site import SOUND_SQLITE

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def _port(name: str, default: int) -> int:
    text = env.str(name, default=str(default))
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise ImproperlyConfigured(f"{name}: {text!r} is not a port. Write a number up to 65535.")
    return int(text)


# -- where things are kept -------------------------------------------------------------------------

TEMPMAIL_DATA_DIR = Path(env.str("TEMPMAIL_DATA_DIR", default=str(BASE_DIR / "var"))).expanduser().absolute()
prepare(TEMPMAIL_DATA_DIR)

# -- where we are reached --------------------------------------------------------------------------

TEMPMAIL_HTTP_HOST = env.str("TEMPMAIL_HTTP_HOST", default="")  # "": IPv4 and IPv6, where they exist
TEMPMAIL_HTTP_PORT = _port("TEMPMAIL_HTTP_PORT", 8000)
TEMPMAIL_SMTP_HOST = env.str("TEMPMAIL_SMTP_HOST", default="")
TEMPMAIL_SMTP_PORT = _port("TEMPMAIL_SMTP_PORT", 2525)
TEMPMAIL_MX_HOST = env.str("TEMPMAIL_MX_HOST", default="")
TEMPMAIL_TRUSTED_PROXIES = env.list("TEMPMAIL_TRUSTED_PROXIES", default=[])
TEMPMAIL_HTTPS = env.bool("TEMPMAIL_HTTPS", default=False)  # every visitor comes over HTTPS, through a proxy
TEMPMAIL_HSTS_SUBDOMAINS = env.bool("TEMPMAIL_HSTS_SUBDOMAINS", default=False)
#: First run only; the admin owns them after that.
TEMPMAIL_DOMAINS = env.list("TEMPMAIL_DOMAINS", default=["one.example", "two.example"])
TEMPMAIL_ADMIN_PASSWORD = env.str("TEMPMAIL_ADMIN_PASSWORD", default="")

#: After the clock jumped ahead, how long it has to run steadily before anything is erased again.
TEMPMAIL_STEADY_MINUTES = env.int("TEMPMAIL_STEADY_MINUTES", default=30)

DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", socket.gethostname().lower()]
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# -- the databases ---------------------------------------------------------------------------------

SQLITE_IS_SOUND = sqlite3.sqlite_version_info >= SOUND_SQLITE

#: auto_vacuum only takes before WAL and the first table. secure_delete overwrites what is erased.
#: FULL: a commit has reached the disk before it returns; 250 rests on that.
_SQLITE_PRAGMAS = (
    "PRAGMA auto_vacuum=INCREMENTAL;"
    f"PRAGMA journal_mode={'WAL' if SQLITE_IS_SOUND else 'TRUNCATE'};"
    "PRAGMA synchronous=FULL;"
    "PRAGMA secure_delete=ON;"
    "PRAGMA mmap_size=0;"
    "PRAGMA temp_store=MEMORY;"
)


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 10, "init_command": _SQLITE_PRAGMAS},
        "CONN_MAX_AGE": 0,
        "TEST": {"NAME": str(path.with_name(f"test-{path.name}"))},
    }


_DATABASE_URL = env.str("DATABASE_URL", default="")
if _DATABASE_URL:
    _default = dict(env.db_url_config(_DATABASE_URL))
    if not _default.get("ENGINE") or not _default.get("NAME"):
        raise ImproperlyConfigured(
            "DATABASE_URL is not understood. Write postgres://user:password@host/name."
        )
    if "sqlite" in str(_default["ENGINE"]):
        _default = _sqlite(Path(str(_default["NAME"])))
else:
    _default = _sqlite(TEMPMAIL_DATA_DIR / "mail.sqlite3")
DATABASE_IS_SQLITE = "sqlite" in str(_default["ENGINE"])

DATABASES = {
    "default": _default,
    # django-q2's scheduler holds a transaction open while it talks to its broker: a file of its own
    # keeps that away from the mail, and forgetting from depending on Valkey.
    # It is asked twice a second for tasks, each time with a connection of its own unless that is kept.
    "queue": _sqlite(TEMPMAIL_DATA_DIR / "queue.sqlite3") | {"CONN_MAX_AGE": 60},
}
DATABASE_ROUTERS = ["tempmail_site.routers.QueueRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- keys ------------------------------------------------------------------------------------------

_shared = not DATABASE_IS_SQLITE
SECRET_KEY = env.str("SECRET_KEY", default="")
TEMPMAIL_ADDRESS_KEY = env.str("TEMPMAIL_ADDRESS_KEY", default="")
if _shared and not (SECRET_KEY and TEMPMAIL_ADDRESS_KEY):
    raise ImproperlyConfigured(
        "With a remote DATABASE_URL, set SECRET_KEY and TEMPMAIL_ADDRESS_KEY: "
        "hosts that share a database share them."
    )
SECRET_KEY = SECRET_KEY or read_or_make_key(TEMPMAIL_DATA_DIR / "secret-key")
TEMPMAIL_ADDRESS_KEY = TEMPMAIL_ADDRESS_KEY or read_or_make_key(TEMPMAIL_DATA_DIR / "address-key")
if len(TEMPMAIL_ADDRESS_KEY) < 32:
    raise ImproperlyConfigured("TEMPMAIL_ADDRESS_KEY is shorter than 32 characters.")

# -- Redis or Valkey: live events and limits; losing it loses no mail -----------------------------

REDIS_URL = env.str("REDIS_URL", default="")
TEMPMAIL_EMBEDDED_VALKEY = not REDIS_URL
if TEMPMAIL_EMBEDDED_VALKEY:
    REDIS_URL = embedded_valkey_address(TEMPMAIL_DATA_DIR).url
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": REDIS_URL,
                    "socket_connect_timeout": 1,
                    "socket_keepalive": True,
                }
            ],
            "prefix": "tempmail",
        },
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 1},
        "KEY_PREFIX": "tempmail",
    },
    # django-q2 would write statistics twice a second, and complain as often while Valkey is away.
    "none": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}

# -- background work -------------------------------------------------------------------------------

Q_CLUSTER = {
    "name": "tempmail",
    "label": "Queue",
    "orm": "queue",
    "cache": "none",
    "workers": 2,
    "timeout": 120,
    "retry": 180,  # longer than the timeout, or a task that runs is started a second time
    "max_attempts": 3,
    "catch_up": False,
    "ack_failures": True,
    "save_limit": 20,
    "poll": 0.5,
    "queue_limit": 50,
    "max_rss": 300_000,
    "recycle": 500,
}

# -- the application -------------------------------------------------------------------------------

INSTALLED_APPS = [
    "inbox",
    "smtpd",
    "channels",
    "django_q",
    "axes",
    # Without looking for admin modules: the URLs name the console, and a process without pages needs none.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "inbox.middleware.SafeHeaders",
    "inbox.middleware.Faults",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "tempmail_site.urls"
ASGI_APPLICATION = "tempmail_site.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# -- staff logins ----------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
# The cache handler keeps nothing in the database; the peer goes in only as a digest.
AXES_HANDLER = "inbox.staff_logins.Handler"
AXES_LOCKOUT_CALLABLE = "inbox.staff_logins.locked_out"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["ip_address", "username"]]
AXES_VERBOSE = False
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_DISABLE_ACCESS_LOG = True
AXES_CLIENT_IP_CALLABLE = "inbox.limits.axes_peer"

# -- what the browser is told ----------------------------------------------------------------------

#: In the names of our cookies. Not in that of Django's token against forged forms: whichever
#: installation on this host made it, the others take it as well.
COOKIE_MARK = cookie_mark(TEMPMAIL_ADDRESS_KEY)
SESSION_COOKIE_NAME = f"sessionid_{COOKIE_MARK}"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_PATH = "/admin/"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_HTTPONLY = False
CSRF_COOKIE_AGE = None
CSRF_FAILURE_VIEW = "inbox.views.errors.csrf_failure"
SILENCED_SYSTEM_CHECKS = [
    "security.W002",  # SafeHeaders sends X-Frame-Options, one for the message frame
    # A year of HTTPS for every name below ours, and a browser's preload list, bind hosts that may be
    # somebody else's and are hard to take back: that is the operator's to choose.
    "security.W005",
    "security.W021",
]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if TEMPMAIL_HTTPS:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = TEMPMAIL_HSTS_SUBDOMAINS
    SECURE_HSTS_PRELOAD = TEMPMAIL_HSTS_SUBDOMAINS

DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024  # forms here are a line or two
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

# -- files of our own ------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = TEMPMAIL_DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "tempmail_site.storage.StaticFiles"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 3600

# -- words and times -------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]  # a language is added with its catalogue
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# -- mail to the operator --------------------------------------------------------------------------

EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
EMAIL_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL_CONFIG.get("EMAIL_HOST", "")
EMAIL_PORT = EMAIL_CONFIG.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = EMAIL_CONFIG.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = EMAIL_CONFIG.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = EMAIL_CONFIG.get("EMAIL_USE_TLS", False)
TEMPMAIL_RESOLVER = env.str("TEMPMAIL_RESOLVER", default="")

# -- logs: one line an event on stderr, never an address -------------------------------------------

TEMPMAIL_LOG_JSON = env.bool("TEMPMAIL_LOG_JSON", default=False)
TEMPMAIL_LOG_LEVEL = env.str("TEMPMAIL_LOG_LEVEL", default="INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "inbox.logs.JsonLine" if TEMPMAIL_LOG_JSON else "inbox.logs.PlainLine"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": TEMPMAIL_LOG_LEVEL},
    "loggers": {
        # These say addresses, bodies, SQL parameters, paths or whole peers; what they know of faults
        # we log ourselves.
        "mail": {"level": "CRITICAL", "propagate": False},
        "mail.log": {"level": "CRITICAL", "propagate": False},
        "axes": {"level": "CRITICAL", "propagate": False},
        "asyncio": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "django.channels.server": {"level": "WARNING"},
        "django.db.backends": {"level": "WARNING", "propagate": False},
        "django.request": {"level": "CRITICAL", "propagate": False},
        "django.security": {"level": "CRITICAL", "propagate": False},
        "django.template": {"level": "WARNING", "propagate": False},
        "django_q": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
        "django-q": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
        "redis": {"level": "WARNING"},
        "channels_redis": {"level": "CRITICAL", "propagate": False},
        "twisted": {"level": "CRITICAL", "propagate": False},
    },
}
