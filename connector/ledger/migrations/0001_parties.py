import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

from connector.ledger.models.checks import SQLiteCheck


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Source",
            fields=[
                ("source_id", models.TextField(primary_key=True, serialize=False)),
                ("run_id", models.TextField(db_index=True)),
                ("name", models.TextField()),
                ("sha256", models.TextField(db_index=True)),
                ("size_bytes", models.BigIntegerField()),
                ("row_count", models.BigIntegerField()),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "db_table": "source",
                "constraints": [
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("size_bytes"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="source_size_bytes_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("row_count"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="source_row_count_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerVersion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("partner_id", models.TextField()),
                ("valid_from", models.DateField()),
                ("sequence", models.BigIntegerField()),
                ("kind", models.TextField()),
                ("selling_entity", models.TextField()),
                ("currency", models.TextField()),
                ("country", models.TextField()),
                ("tax_status", models.TextField()),
                ("terms_days", models.BigIntegerField()),
                ("payment_method", models.TextField()),
                ("contact_id", models.TextField(null=True)),
                ("po_reference", models.TextField(null=True)),
                ("included_places", models.BigIntegerField(null=True)),
                ("included_until", models.DateField(null=True)),
                ("opening_places", models.BigIntegerField(null=True)),
                ("grouping", models.TextField()),
                ("content_digest", models.TextField()),
                ("run_id", models.TextField(db_index=True)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "db_table": "partner_version",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("partner_id", "valid_from", "sequence"), name="partner_version_key"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sequence__gte", 1)), name="partner_version_sequence_least"
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(
                            django.db.models.functions.text.Length("currency"), models.Value(3)
                        ),
                        name="partner_version_currency_code",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("sequence"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="partner_version_sequence_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("terms_days"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="partner_version_terms_days_whole",
                    ),
                    models.CheckConstraint(condition=models.Q(("id__gte", 1)), name="partner_version_id_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="TemplateVersion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("template", models.TextField(db_index=True)),
                ("partner_id", models.TextField(null=True)),
                ("plan", models.TextField()),
                ("valid_from", models.DateField()),
                ("run_id", models.TextField(db_index=True)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "db_table": "template_version",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id__gte", 1)), name="template_version_id_positive")
                ],
            },
        ),
        migrations.CreateModel(
            name="Client",
            fields=[
                ("client_id", models.TextField(primary_key=True, serialize=False)),
                ("run_id", models.TextField(db_index=True)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "db_table": "client",
            },
        ),
        migrations.CreateModel(
            name="ClientAlias",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("client", models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, to="ledger.client")),
                ("kind", models.TextField()),
                ("digest", models.TextField()),
                ("domain_digest", models.TextField(db_index=True, null=True)),
                ("partner_id", models.TextField()),
                ("run_id", models.TextField(db_index=True)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "db_table": "client_alias",
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "digest"), name="client_alias_key"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["domain", "ref"])), name="client_alias_kind_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("id__gte", 1)), name="client_alias_id_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ClientVersion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to="ledger.client"
                    ),
                ),
                ("sequence", models.BigIntegerField()),
                ("partner_id", models.TextField()),
                ("row_digest", models.TextField()),
                ("plan", models.TextField()),
                ("created_on", models.DateField()),
                ("upgraded_on", models.DateField(null=True)),
                ("status", models.TextField()),
                ("count_low", models.BigIntegerField(null=True)),
                ("band_low", models.BigIntegerField(null=True)),
                ("band_high", models.BigIntegerField(null=True)),
                ("template", models.TextField(null=True)),
                ("bucket", models.TextField()),
                ("source", models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, to="ledger.source")),
                ("sheet", models.TextField()),
                ("row", models.BigIntegerField()),
                ("run_id", models.TextField(db_index=True)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "db_table": "client_version",
                "constraints": [
                    models.UniqueConstraint(fields=("client", "sequence"), name="client_version_key"),
                    models.CheckConstraint(
                        condition=models.Q(("sequence__gte", 1)), name="client_version_sequence_least"
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("sequence"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="client_version_sequence_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("row"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="client_version_row_whole",
                    ),
                    models.CheckConstraint(condition=models.Q(("id__gte", 1)), name="client_version_id_positive"),
                ],
            },
        ),
    ]
