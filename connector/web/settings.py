"""Django's settings of the page: those of the ledger, and a database of its own for people, sessions and works.

A stranger's trap: that database is a file beside the ledger, whatever the ledger is in. A long entry keeps SQLite's one
writer busy, and nobody who signs in meanwhile may wait for it.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from connector.ledger import settings as ledger_settings

PEOPLE = "web"  # the alias of its own database; `default` is the ledger
HERE = ("127.0.0.1", "localhost", "[::1]")


def people_entry(path: Path) -> dict[str, object]:
    """Django's settings for the file of people, sessions and works."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON",
        },
    }


DATABASES = {**ledger_settings.DATABASES, PEOPLE: people_entry(Path(":memory:"))}
DATABASE_ROUTERS = ["connector.web.routing.Rooms"]
DEFAULT_AUTO_FIELD = ledger_settings.DEFAULT_AUTO_FIELD
USE_TZ = True
USE_I18N = False
LOGGING_CONFIG = None
DEBUG = False
ROOT_URLCONF = "connector.web.urls"
INSTALLED_APPS = [
    *ledger_settings.INSTALLED_APPS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
    "connector.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "connector.web.acting.Acting",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "connector.web.frame.frame",
            ],
            "builtins": ["connector.web.templatetags.words"],
        },
    }
]

# Who signs in.
AUTH_USER_MODEL = "web.Person"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ["name"]}},
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
# Five wrong passwords for one name from one address, then a quarter of an hour of nothing.
AXES_USERNAME_FORM_FIELD = "username"  # else it looks for a field `name`, and counts one nameless person
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "web/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# What browsers are told to refuse, and what is refused of them.
SESSION_COOKIE_NAME = "connector_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "connector_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "connector.web.views.failing.forged"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_OWN = ["'self'"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": _OWN,
        "style-src": _OWN,
        "img-src": _OWN,
        "connect-src": _OWN,
        "form-action": _OWN,
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 600
# Only where a proxy serves the page over TLS; see `configure`.
_OVER_TLS = {
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
}


def configure(secret: str, hosts: Sequence[str] = HERE, *, secure: bool = False) -> None:
    """Configure Django for this process; once, before the ledger is opened.

    Args:
        secret: what sessions and forms are signed with.
        hosts: the names under which the page is reached.
        secure: it is reached over TLS only, by a proxy that says so in X-Forwarded-Proto.
    """
    import django  # noqa: PLC0415 - loaded by whoever serves the page, not at import
    from django.conf import settings  # noqa: PLC0415 - as above

    own = {name: value for name, value in globals().items() if name.isupper() and not name.startswith("_")}
    settings.configure(**own, SECRET_KEY=secret, ALLOWED_HOSTS=list(hosts), **(_OVER_TLS if secure else {}))
    django.setup()
