from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0002_message_checks_and_notices"),
    ]

    operations = [
        migrations.AddField(
            model_name="installation",
            name="back_seconds_left",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
