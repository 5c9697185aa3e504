"""HTTP and websocket, behind the one wrapper that knows about proxies."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from inbox.proxy import TrustedProxies
from inbox.urls import websocket_urlpatterns

application = TrustedProxies(
    ProtocolTypeRouter({"http": django_application, "websocket": URLRouter(websocket_urlpatterns)})
)
