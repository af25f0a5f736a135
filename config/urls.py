"""Where each address goes."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from config.api import api

handler500 = "config.faults.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("language/", set_language, name="set_language"),
    path("api/v1/", api.urls),
    path("v1/", include("llm.gateway.urls")),
    path("", include("config.accounts.urls")),
    path("", include("llm.urls")),
    path("", include("chat.urls")),
]
