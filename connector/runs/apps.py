"""The Django application of this package: run plans and their history."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    """Runs."""

    name = "connector.runs"
    label = "runs"
    default_auto_field = "django.db.models.BigAutoField"
