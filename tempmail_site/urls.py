"""Every URL, by its part of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("inbox.urls")),
]

handler400 = "inbox.views.errors.bad_request"
handler403 = "inbox.views.errors.forbidden"
handler404 = "inbox.views.errors.not_found"
handler500 = "inbox.views.errors.server_error"
