"""The tables of the history."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="BrowserTiming",
            fields=[
                ("cycle_id", models.CharField(max_length=36, primary_key=True, serialize=False)),
                ("received_at", models.DateTimeField()),
                ("document", models.TextField()),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="SettingsSnapshot",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("document", models.TextField()),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Cycle",
            fields=[
                ("id", models.CharField(max_length=36, primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField(db_index=True)),
                ("kind", models.CharField(max_length=16)),
                ("method", models.CharField(blank=True, max_length=16)),
                ("host", models.CharField(blank=True, max_length=255)),
                ("path", models.CharField(blank=True, max_length=500)),
                ("route", models.CharField(blank=True, max_length=500)),
                ("view", models.CharField(blank=True, max_length=500)),
                ("status", models.IntegerField(blank=True, null=True)),
                ("duration_ns", models.BigIntegerField(verbose_name="duration in ns")),
                ("query_count", models.IntegerField()),
                ("query_ns", models.BigIntegerField(verbose_name="time in queries in ns")),
                ("render_count", models.IntegerField()),
                ("response_bytes", models.BigIntegerField(blank=True, null=True)),
                ("user", models.CharField(blank=True, max_length=255)),
                ("finding_codes", models.CharField(blank=True, max_length=255)),
                ("severity", models.CharField(blank=True, max_length=16)),
                ("exception", models.CharField(blank=True, max_length=255)),
                ("pinned", models.BooleanField(default=False)),
                ("parent", models.CharField(blank=True, db_index=True, max_length=36)),
                ("settings_digest", models.CharField(blank=True, db_index=True, max_length=64)),
                ("document", models.BinaryField()),
            ],
            options={
                "verbose_name": "cycle",
                "verbose_name_plural": "cycles",
                "ordering": ["-id"],
                "default_permissions": ("view", "delete"),
                "indexes": [
                    models.Index(fields=["path", "id"], name="cycle_inspector_path"),
                    models.Index(fields=["pinned", "id"], name="cycle_inspector_pinned"),
                ],
            },
        ),
    ]
