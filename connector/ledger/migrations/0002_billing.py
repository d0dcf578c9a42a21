import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

from connector.ledger.models.checks import SQLiteCheck


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("ledger", "0001_parties"),
    ]

    operations = [
        migrations.CreateModel(
            name="Charge",
            fields=[
                ("charge_id", models.TextField(primary_key=True, serialize=False)),
                ("subject_type", models.TextField()),
                ("subject_id", models.TextField()),
                ("metric", models.TextField()),
                ("ordinal", models.BigIntegerField()),
                ("revision", models.BigIntegerField()),
                ("kind", models.TextField()),
                ("event", models.TextField()),
                ("event_on", models.DateField()),
                ("partner_id", models.TextField(db_index=True)),
                ("selling_entity", models.TextField()),
                ("currency", models.TextField()),
                ("unit_minor", models.BigIntegerField()),
                ("quantity", models.BigIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("item", models.TextField(null=True)),
                ("term", models.TextField(null=True)),
                ("tier", models.TextField(null=True)),
                ("size_source", models.TextField(null=True)),
                ("count_low", models.BigIntegerField(null=True)),
                ("band_low", models.BigIntegerField(null=True)),
                ("band_high", models.BigIntegerField(null=True)),
                ("size_as_of", models.DateField(null=True)),
                ("price_book", models.TextField(null=True)),
                ("price_place", models.TextField(null=True)),
                ("rule_id", models.TextField(null=True)),
                ("rule_place", models.TextField(null=True)),
                ("rulebook_digest", models.TextField()),
                ("source", models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, to="ledger.source")),
                ("sheet", models.TextField()),
                ("row", models.BigIntegerField()),
                ("run_id", models.TextField(db_index=True)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "db_table": "charge",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject_type", "subject_id", "metric", "ordinal", "revision"), name="charge_key"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("subject_type__in", ["bundle", "client"])), name="charge_subject_type_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["charge", "opening"])), name="charge_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "opening"), _negated=True), ("amount_minor", 0), _connector="OR"
                        ),
                        name="charge_opening_bills_nothing",
                    ),
                    models.CheckConstraint(condition=models.Q(("ordinal__gte", 1)), name="charge_ordinal_least"),
                    models.CheckConstraint(condition=models.Q(("revision__gte", 1)), name="charge_revision_least"),
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="charge_quantity_least"),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(
                            django.db.models.functions.text.Length("currency"), models.Value(3)
                        ),
                        name="charge_currency_code",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("ordinal"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="charge_ordinal_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("revision"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="charge_revision_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("unit_minor"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="charge_unit_minor_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("quantity"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="charge_quantity_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("amount_minor"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="charge_amount_minor_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("row"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="charge_row_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                ("document_id", models.TextField(primary_key=True, serialize=False)),
                ("number", models.TextField()),
                ("kind", models.TextField()),
                ("run_id", models.TextField(db_index=True)),
                ("partner_id", models.TextField(db_index=True)),
                ("selling_entity", models.TextField()),
                ("tenant", models.TextField()),
                ("currency", models.TextField()),
                ("dated", models.DateField()),
                ("due", models.DateField()),
                ("net_minor", models.BigIntegerField()),
                ("tax_minor", models.BigIntegerField()),
                ("total_minor", models.BigIntegerField()),
                ("line_count", models.BigIntegerField()),
                ("content_digest", models.TextField()),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "db_table": "document",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "kind", "number"), name="document_number"),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.LessThanOrEqual(
                            django.db.models.functions.text.Length("number"), models.Value(21)
                        ),
                        name="document_number_length",
                    ),
                    models.CheckConstraint(condition=models.Q(("kind__in", ["invoice"])), name="document_kind_known"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total_minor",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("net_minor"), "+", models.F("tax_minor")
                                ),
                            )
                        ),
                        name="document_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(
                            django.db.models.functions.text.Length("currency"), models.Value(3)
                        ),
                        name="document_currency_code",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("net_minor"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="document_net_minor_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("tax_minor"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="document_tax_minor_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("total_minor"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="document_total_minor_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("line_count"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="document_line_count_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DocumentLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "document",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to="ledger.document"
                    ),
                ),
                ("position", models.BigIntegerField()),
                ("charge", models.OneToOneField(on_delete=django.db.models.deletion.DO_NOTHING, to="ledger.charge")),
                ("net_minor", models.BigIntegerField()),
                ("tax_minor", models.BigIntegerField()),
                ("item", models.TextField()),
                ("item_code", models.TextField(null=True)),
                ("account", models.TextField()),
                ("tax_code", models.TextField()),
                ("tax_percent", models.TextField()),
                ("quantity", models.BigIntegerField()),
                ("unit_minor", models.BigIntegerField()),
            ],
            options={
                "db_table": "document_line",
                "constraints": [
                    models.UniqueConstraint(fields=("document", "position"), name="document_line_position"),
                    models.CheckConstraint(
                        condition=models.Q(("position__gte", 1)), name="document_line_position_least"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 1)), name="document_line_quantity_least"
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("position"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="document_line_position_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("net_minor"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="document_line_net_minor_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("tax_minor"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="document_line_tax_minor_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("quantity"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="document_line_quantity_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("unit_minor"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="document_line_unit_minor_whole",
                    ),
                    models.CheckConstraint(condition=models.Q(("id__gte", 1)), name="document_line_id_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DocumentEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("document", models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, to="ledger.document")),
                ("state", models.TextField()),
                ("at", models.DateTimeField()),
                ("detail", models.TextField()),
            ],
            options={
                "db_table": "document_event",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id__gte", 1)), name="document_event_id_positive")
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "document",
                    models.OneToOneField(on_delete=django.db.models.deletion.DO_NOTHING, to="ledger.document"),
                ),
                ("remote_id", models.TextField()),
                ("remote_number", models.TextField()),
                ("contact_id", models.TextField()),
                ("currency", models.TextField()),
                ("net_minor", models.BigIntegerField()),
                ("tax_minor", models.BigIntegerField()),
                ("total_minor", models.BigIntegerField()),
                ("status", models.TextField()),
                ("adopted", models.BooleanField()),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "db_table": "receipt",
                "constraints": [
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(
                            django.db.models.functions.text.Length("currency"), models.Value(3)
                        ),
                        name="receipt_currency_code",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("net_minor"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="receipt_net_minor_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("tax_minor"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="receipt_tax_minor_whole",
                    ),
                    SQLiteCheck(
                        condition=django.db.models.lookups.Exact(
                            models.Func(models.F("total_minor"), function="TYPEOF", output_field=models.CharField()),
                            models.Value("integer"),
                        ),
                        name="receipt_total_minor_whole",
                    ),
                    models.CheckConstraint(condition=models.Q(("id__gte", 1)), name="receipt_id_positive"),
                ],
            },
        ),
    ]
