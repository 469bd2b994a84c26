"""The tables that tell which cycle caused another: redirects, and what a page fetched."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cycle_inspector", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Fetch",
            fields=[
                ("cycle_id", models.CharField(max_length=36, primary_key=True, serialize=False)),
                ("page_id", models.CharField(db_index=True, max_length=36)),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Redirect",
            fields=[
                ("cycle_id", models.CharField(max_length=36, primary_key=True, serialize=False)),
                ("target", models.CharField(db_index=True, max_length=16)),
                ("path", models.CharField(max_length=500)),
                ("method", models.CharField(max_length=16)),
                ("status", models.IntegerField()),
                ("ended_at", models.DateTimeField()),
            ],
            options={
                "default_permissions": (),
            },
        ),
    ]
