"""The Django application of the page."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The page."""

    name = "connector.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
