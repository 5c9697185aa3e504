"""Every URL, by its part of the site."""

from django.urls import include, path

from inbox.admin import site
from inbox.views import staff_mail

urlpatterns = [
    # The reader, a second time: in what is rendered for these, `inbox:message` and its like lead here.
    path("admin/mail/", include((staff_mail.urlpatterns, "inbox"), namespace="staff")),
    path("admin/", site.urls),
    path("", include("inbox.urls")),
]

handler400 = "inbox.views.errors.bad_request"
handler403 = "inbox.views.errors.forbidden"
handler404 = "inbox.views.errors.not_found"
handler500 = "inbox.views.errors.server_error"
